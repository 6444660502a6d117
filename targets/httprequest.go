package targets

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// reply is what a receiver answered.
type reply struct {
	status     int
	verdict    Verdict
	retryAfter string
	location   string
	body       []byte
	cut        bool // body is only the beginning
}

// unauthorized says that other secrets may be all that the request lacks, also
// where a target's own table has another meaning for 401.
func (r *reply) unauthorized() bool {
	return r.verdict == Unauthorized || r.status == http.StatusUnauthorized && r.verdict != Accepted
}

// post sends one request and reads its answer. An error means that there was
// none, or that what there was broke off.
//
// In clear text that is [httpTarget.exchange]; the rest of this file is for TLS.
// The transport sends a request again by itself only where the receiver cannot
// have seen it: none of it was written, or an HTTP/2 receiver says that it did
// not look at it. It would do more for a request that has an Idempotency-Key,
// which is why that header cannot be configured. So one call of Deliver is at
// most one request for the receiver, but for a changed secret after 401.
func (t *httpTarget) post(ctx context.Context, deadline time.Time, l load, creds *credentials) (*reply, error) {
	if creds.wire != nil {
		return t.exchange(ctx, deadline, &l, creds.wire)
	}
	ctx, cancel := context.WithDeadlineCause(ctx, deadline, t.late)
	defer cancel()
	o := &outgoing{}
	if l.isJSON() {
		o.data = l.appendJSON(nil)
	} else {
		o.data = l.one.Event.Data
	}
	response, err := t.transport.RoundTrip(request(ctx, &l, creds, o))
	if err != nil {
		return nil, t.interrupted(ctx, o.phase(), err)
	}
	defer response.Body.Close()
	return t.read(ctx, response)
}

func request(ctx context.Context, l *load, creds *credentials, o *outgoing) *http.Request {
	r := http.Request{
		Method: http.MethodPost, URL: creds.url, Header: headerOf(l, creds),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if len(o.data) > 0 {
		r.ContentLength = int64(len(o.data))
		r.Body, _ = o.body()
		r.GetBody = o.body
	}
	return r.WithContext(o.watched(ctx))
}

// headerRoom is how many header lines of an event are made room for at once.
const headerRoom = 13

// headerOf is built straight into the map, with one slice for all values: it is
// the largest part of what a delivery costs here. The names of the event's
// lines stay in lower case, which HTTP/1.1 allows and HTTP/2 demands.
func headerOf(l *load, creds *credentials) http.Header {
	h := make(http.Header, headerRoom)
	values := make([]string, 0, headerRoom)
	l.eachHeader(func(name, value string) {
		values = append(values, value)
		n := len(values)
		h[name] = values[n-1 : n : n]
	})
	h["User-Agent"] = userAgent
	for _, line := range creds.headers {
		h[line.name] = line.values
	}
	return h
}

var userAgent = []string{"Wye"}

// read takes the answer in.
func (t *httpTarget) read(ctx context.Context, response *http.Response) (*reply, error) {
	r := &reply{status: response.StatusCode, verdict: t.cfg.Statuses.Of(response.StatusCode)}
	if r.verdict != Accepted {
		r.retryAfter, r.location = response.Header.Get("Retry-After"), response.Header.Get("Location")
	}
	if response.Body == http.NoBody || r.status == http.StatusSwitchingProtocols {
		// The body of a switch is the bare connection, which knows no timeout any more.
		return r, nil
	}
	if err := t.takeIn(r, response.Body); err != nil {
		return nil, t.interrupted(ctx, readingBody, err)
	}
	return r, nil
}

// takeIn reads as much of a body as may matter. That of a good answer to one
// event is only drained, so that the connection can be used again; what is
// longer than it may be is left, and the connection with it.
func (t *httpTarget) takeIn(r *reply, body io.Reader) (err error) {
	if r.verdict == Accepted && !t.cfg.Batch {
		if _, err = io.CopyN(io.Discard, body, maxAnswer); err == io.EOF {
			return nil
		}
		return err
	}
	r.body, err = io.ReadAll(io.LimitReader(body, maxAnswer))
	r.cut = err != nil || len(r.body) == maxAnswer
	if r.verdict != Accepted {
		return nil // a refusal whose body breaks off is still a refusal
	}
	return err
}

// phase is how far a request came.
type phase string

const (
	queueing      phase = "while waiting for a connection to be free"
	connecting    phase = "while connecting"
	awaitingReply phase = "while waiting for the answer"
	readingBody   phase = "while reading the answer's body"
)

// lateError is the cause of a context that ended by the target's own timeout.
type lateError struct{ after time.Duration }

func (e *lateError) Error() string { return "timeout after " + e.after.String() }

// interrupted tells whose end of waiting it was: our timeout, the caller's, or
// the network's.
func (t *httpTarget) interrupted(ctx context.Context, p phase, err error) error {
	if ctx.Err() == nil {
		return inWords(err)
	}
	if late := (*lateError)(nil); errors.As(context.Cause(ctx), &late) {
		return tooLate(late, p)
	}
	return &stopped{p, ctx.Err()}
}

func tooLate(late error, p phase) error {
	return errors.New(late.Error() + " " + string(p) + "; raise the target's timeout if the receiver needs longer")
}

// stopped is the caller's own end.
type stopped struct {
	phase phase
	cause error
}

func (e *stopped) Error() string { return "stopped by Wye " + string(e.phase) }
func (e *stopped) Unwrap() error { return e.cause }

// outgoing is one request on its way: its body, and how far it came.
type outgoing struct {
	data  []byte
	begun atomic.Bool // there is a connection to write to
	trace httptrace.ClientTrace
}

// body is a reader of the kind that the transport knows to be in memory: it
// then writes the headers and the body at once, which saves a system call and a
// packet. Nothing holds that reader back when a delivery is given up, so the
// transport may read on in the data for a moment; events never change.
func (o *outgoing) body() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(o.data)), nil
}

// watched notes when there is a connection.
func (o *outgoing) watched(ctx context.Context) context.Context {
	o.trace.GotConn = func(httptrace.GotConnInfo) { o.begun.Store(true) }
	return httptrace.WithClientTrace(ctx, &o.trace)
}

func (o *outgoing) phase() phase {
	if o.begun.Load() {
		return awaitingReply
	}
	return connecting
}
