package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// Ingest takes in events: the CloudEvents HTTP binding in binary, structured
// and batched mode, by POST on /events and /. A request body may have maxBody
// bytes.
func Ingest(r *router.Router, maxBody int64) http.Handler {
	in := &ingest{router: r, maxBody: maxBody}
	mux := http.NewServeMux()
	for _, path := range []string{"/events", "/{$}"} {
		mux.HandleFunc(path, in.serve)
	}
	mux.HandleFunc("/", notFound("Events are taken by POST on /events"))
	return mux
}

type ingest struct {
	router  *router.Router
	maxBody int64
}

func (in *ingest) serve(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeProblem(w, problem{Status: http.StatusMethodNotAllowed, Detail: "Events are taken by POST."})
		return
	}
	body, p := in.body(w, req)
	if p != nil {
		in.refuse(w, *p)
		return
	}
	evs, mode, err := cloudevent.Parse(req.Header, body)
	if err != nil {
		in.refuse(w, invalid(err))
		return
	}
	receipts, err := in.router.Accept(req.Context(), evs...)
	if errors.Is(err, bus.ErrTooLarge) {
		in.refuse(w, *in.tooLarge())
		return
	}
	if err != nil {
		writeProblem(w, unavailable(err))
		return
	}
	if mode == cloudevent.Batched {
		writeJSON(w, http.StatusAccepted, receipts)
		return
	}
	writeReceipt(w, receipts[0])
}

// body reads the whole body, at most maxBody bytes of it.
func (in *ingest) body(w http.ResponseWriter, req *http.Request) ([]byte, *problem) {
	if enc := req.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return nil, &problem{Status: http.StatusUnsupportedMediaType, Detail: "A body in Content-Encoding " + strconv.Quote(enc) + " is not read; send it as it is."}
	}
	if req.ContentLength > in.maxBody {
		return nil, in.tooLarge()
	}
	body, err := readAll(http.MaxBytesReader(w, req.Body, in.maxBody), req.ContentLength)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, in.tooLarge()
	}
	if err != nil {
		return nil, &problem{Status: http.StatusBadRequest, Detail: "The body ended early or could not be read; nothing was stored."}
	}
	return body, nil
}

// readAll reads a body of a length that is known in most requests.
func readAll(r io.Reader, length int64) ([]byte, error) {
	if length < 0 {
		return io.ReadAll(r)
	}
	if length <= readAtOnce {
		body := make([]byte, length)
		_, err := io.ReadFull(r, body)
		return body, err
	}
	// Not more room than has come: a connection that announces much and sends
	// nothing costs nothing.
	buf := bytes.NewBuffer(make([]byte, 0, readAtOnce))
	n, err := buf.ReadFrom(r)
	if err == nil && n < length {
		err = io.ErrUnexpectedEOF
	}
	return buf.Bytes(), err
}

// readAtOnce is the length up to which a body's room is made before it came.
const readAtOnce = 64 << 10

func (in *ingest) tooLarge() *problem {
	return &problem{Status: http.StatusRequestEntityTooLarge, Limit: in.maxBody,
		Detail: fmt.Sprintf("The body is larger than the limit of %d bytes.", in.maxBody)}
}

func (in *ingest) refuse(w http.ResponseWriter, p problem) {
	in.router.Refused("invalid")
	writeProblem(w, p)
}

// fault is one thing that is wrong with an event.
type fault struct {
	Index     *int   `json:"index,omitempty"` // in a batch, from 0
	Attribute string `json:"attribute,omitempty"`
	Detail    string `json:"detail"`
}

// invalid is the problem document of what the codec found.
func invalid(err error) problem {
	p := problem{Status: http.StatusBadRequest, Title: "Not a valid CloudEvent", Detail: err.Error()}
	for i, d := range cloudevent.Details(err) {
		f := fault{Attribute: d.Attribute, Detail: d.Reason}
		if d.Index >= 0 {
			f.Index = &d.Index
		}
		if i == 0 {
			p.Status, p.Attribute = d.Kind.Status(), d.Attribute
		}
		p.Faults = append(p.Faults, f)
	}
	return p
}

// unavailable is the problem document of a router that could not take events.
func unavailable(err error) problem {
	p := problem{Status: http.StatusServiceUnavailable, Title: "Not accepted now", RetryAfter: 1,
		Detail: "The store did not confirm the event in time. It may be stored all the same; sending it again with the same id is safe."}
	if errors.Is(err, router.ErrBusy) {
		p.RetryAfter, p.Detail = 5, "Too many accepted events wait to be routed. Nothing was stored; send it again later."
	}
	if full := (*bus.FullError)(nil); errors.As(err, &full) {
		p.Status, p.Title, p.RetryAfter, p.Detail = http.StatusInsufficientStorage, "The disk of this Wye is full", 5, router.FullDetail(full)
	}
	return p
}

// writeReceipt writes the answer to one event. It is on the path of every
// event, so the plain case is written without reflection.
func writeReceipt(w http.ResponseWriter, r router.Receipt) {
	buf := make([]byte, 0, 96+len(r.ID)+len(r.Source))
	buf = append(buf, `{"id":`...)
	buf = appendString(buf, r.ID)
	buf = append(buf, `,"source":`...)
	buf = appendString(buf, r.Source)
	buf = append(buf, `,"sequence":`...)
	buf = strconv.AppendUint(buf, r.Sequence, 10)
	buf = append(buf, `,"duplicate":`...)
	buf = strconv.AppendBool(buf, r.Duplicate)
	if r.Durability != "" {
		buf = append(buf, `,"durability":"`+r.Durability+`"`...)
	}
	buf = append(buf, "}\n"...)
	h := w.Header()
	h["Content-Type"] = contentJSON
	h["Content-Length"] = []string{strconv.Itoa(len(buf))}
	w.WriteHeader(http.StatusAccepted)
	w.Write(buf)
}

var contentJSON = []string{"application/json"}

// appendString appends s as a JSON string.
func appendString(buf []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, err := json.Marshal(s)
			if err != nil {
				text = []byte(`""`)
			}
			return append(buf, text...)
		}
	}
	buf = append(buf, '"')
	buf = append(buf, s...)
	return append(buf, '"')
}
