package cloudevent

import "strings"

// Mode is the content mode of a message (HTTP binding section 1.3).
type Mode int

const (
	// Binary has the attributes in headers and the data in the body.
	Binary Mode = iota
	// Structured has one whole event in the body.
	Structured
	// Batched has a list of whole events in the body.
	Batched
)

// The media types of the JSON format (JSON format sections 3 and 4.2).
const (
	MediaTypeStructured = "application/cloudevents+json"
	MediaTypeBatch      = "application/cloudevents-batch+json"
	mediaTypePrefix     = "application/cloudevents"
)

// Parse reads the events of one message: one in binary and structured mode,
// any number in batched mode, also none. Header names may be in any letter
// case, so http.Header and nats.Header both serve. The Content-Type decides
// the mode, and is the one thing that is looked at when the header also
// carries ce-* headers (HTTP binding section 3.2.3: the body holds them all).
//
// The strings of an event own their memory or are the header's; its Data is a
// part of body wherever it needs no decoding, so the caller must not write to
// body again, and an event keeps the whole body alive.
//
// With one bad event a batch is refused as a whole, and the error tells every
// bad one; see [Details]. The mode is valid also when there is an error.
func Parse(header map[string][]string, body []byte) (evs []*Event, mode Mode, err error) {
	ct, fault := contentType(header)
	if fault != nil {
		return nil, Binary, fault
	}
	if mode, fault = modeOf(ct); fault != nil {
		return nil, mode, fault
	}
	switch mode {
	case Structured:
		evs, fault = parseStructured(header, body)
	case Batched:
		return parseBatch(header, body)
	default:
		evs, fault = parseBinary(header, ct, body)
	}
	if fault != nil {
		return nil, mode, fault
	}
	return evs, mode, nil
}

// contentType is the value of the Content-Type header. A second one in another
// letter case is found when the headers are walked through, see picker.
func contentType(header map[string][]string) (string, *Error) {
	// The spelling of net/http and of most NATS clients, without a walk.
	values, ok := header["Content-Type"]
	if !ok {
		values = valuesOf(header, "content-type")
	}
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return trimOWS(values[0]), nil
	}
	return "", contentTypeTwice(len(values))
}

func contentTypeTwice(n int) *Error {
	return malformed("datacontenttype", "the header Content-Type is given %d times; send it once", n)
}

func valuesOf(header map[string][]string, lower string) (all []string) {
	for name, values := range header {
		if strings.EqualFold(name, lower) {
			all = append(all, values...)
		}
	}
	return all
}

// modeOf decides as HTTP binding section 3 says: by the media type's prefix.
func modeOf(ct string) (Mode, *Error) {
	if len(ct) < len(mediaTypePrefix) || !strings.EqualFold(ct[:len(mediaTypePrefix)], mediaTypePrefix) {
		return Binary, nil
	}
	media, params, fault := splitMediaType(ct)
	if fault != "" {
		return Structured, malformed("", "the Content-Type %q %s", clip(ct), fault)
	}
	mode := Structured
	switch {
	case strings.EqualFold(media, MediaTypeStructured):
	case strings.EqualFold(media, MediaTypeBatch):
		mode = Batched
	default:
		return mode, unsupported("the event format %q is not supported; send %s or %s, or use binary mode", clip(media), MediaTypeStructured, MediaTypeBatch)
	}
	if cs, ok := charset(params); ok && !strings.EqualFold(cs, "utf-8") && !strings.EqualFold(cs, "us-ascii") {
		return mode, unsupported("the charset %q is not supported; send the event in UTF-8", clip(cs))
	}
	return mode, nil
}

func unsupported(format string, args ...any) *Error {
	e := malformed("", format, args...)
	e.Kind = UnsupportedMediaType
	return e
}

// single is an event and the list that Parse hands it out in, made at once.
type single struct {
	ev   Event
	list [1]*Event
}

func (s *single) events() []*Event {
	s.list[0] = &s.ev
	return s.list[:]
}
