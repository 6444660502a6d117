package cloudevent

import (
	"slices"
	"strings"
)

// The limits of the transport headers that an event keeps.
const (
	MaxHeaders     = 64
	MaxHeaderBytes = 16 << 10
)

// droppedHeaders never reach a rule: what belongs to one connection or to
// finding the ingest's own address, what describes the body as it was sent,
// and the credentials whose names do not tell (see secretWords).
var droppedHeaders = map[string]bool{
	"connection": true, "keep-alive": true, "te": true, "trailer": true, "transfer-encoding": true, "upgrade": true,
	"host": true, "expect": true, "content-length": true, "content-type": true, "content-encoding": true,
	"authorization": true, "cookie": true, "cookie2": true, "set-cookie": true, "set-cookie2": true,
	"www-authenticate": true, "authentication-info": true,
}

// droppedPrefixes are families of headers that are left out: the attributes,
// what NATS and Wye say to themselves, proxies' business, and the negotiation
// of the answer.
var droppedPrefixes = []string{"ce-", "nats-", "wye-", "proxy-", "accept"}

// secretWords mark a header as a credential wherever they stand in its name.
// A signature is one of them: together with the stored body it could be played
// to another verifier, and checking it is the edge's job, not a rule's.
var secretWords = []string{
	"token", "secret", "password", "passwd", "credential", "signature", "session", "jwt",
	"api-key", "apikey", "api_key", "access-key", "private-key", "auth-key", "x-auth",
}

// keptNames spares the usual headers a new string each time.
var keptNames = func() map[string]string {
	m := map[string]string{}
	for _, name := range []string{
		"user-agent", "date", "via", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
		"x-real-ip", "x-request-id", "x-correlation-id", "traceparent", "tracestate", "baggage", "origin", "referer",
		"cache-control", "pragma", "idempotency-key", "x-env", "x-tenant", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled",
	} {
		m[name] = name
	}
	return m
}()

// picker gathers the transport headers that rules may read.
type picker struct {
	list  []Header
	bytes int
	// types counts Content-Type headers: NATS can carry them in several letter
	// cases, and two receivers must not read two different events.
	types int
}

// pick keeps one header or leaves it out. A name that is no HTTP token, and a
// value that is no valid text, are left out too: headers are not part of the
// event, so they are no reason to refuse it.
func (p *picker) pick(name string, values []string) {
	var buf [64]byte
	lower := lowerName(buf[:0], name)
	if lower == nil || droppedHeaders[string(lower)] {
		if string(lower) == "content-type" {
			p.types += len(values)
		}
		return
	}
	kept, ok := keptNames[string(lower)]
	if !ok {
		if isPrivate(string(lower)) {
			return
		}
		kept = string(lower)
	}
	value := joinValues(values)
	if textFault(value) != "" {
		return
	}
	p.list = append(p.list, Header{kept, value})
	p.bytes += len(kept) + len(value)
}

// lowerName is name in lower case, or nil where it is no token.
func lowerName(dst []byte, name string) []byte {
	for i := range len(name) {
		c := name[i]
		if !tokenByte[c] {
			return nil
		}
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// Readable tells whether a transport header of this name, in lower case, is
// among an event's headers when it was sent.
func Readable(name string) bool {
	if _, kept := keptNames[name]; kept {
		return true
	}
	return lowerName(nil, name) != nil && !droppedHeaders[name] && !isPrivate(name)
}

func isPrivate(lower string) bool {
	for _, p := range droppedPrefixes {
		if strings.HasPrefix(lower, p) {
			return true
		}
	}
	for _, word := range secretWords {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return lower == ""
}

func joinValues(values []string) string {
	if len(values) == 1 {
		return trimOWS(values[0])
	}
	return strings.Join(values, ", ")
}

// headers is what was picked, in order and within the limits.
func (p *picker) headers() ([]Header, *Error) {
	if p.types > 1 {
		return nil, contentTypeTwice(p.types)
	}
	slices.SortFunc(p.list, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
	p.list = joinSameName(p.list)
	if len(p.list) > MaxHeaders {
		return nil, tooLarge("", "the message has %d headers besides the event's attributes; at most %d are allowed", len(p.list), MaxHeaders)
	}
	if p.bytes > MaxHeaderBytes {
		return nil, tooLarge("", "the headers besides the event's attributes have %d bytes; at most %d are allowed", p.bytes, MaxHeaderBytes)
	}
	return p.list, nil
}

// joinSameName joins what NATS can carry twice, in different letter case. The
// order of a map is not that of the message, so values are put in order.
func joinSameName(list []Header) []Header {
	out := list[:0]
	for i := 0; i < len(list); {
		j := i + 1
		for j < len(list) && list[j].Name == list[i].Name {
			j++
		}
		one := list[i]
		if j > i+1 {
			one.Value = joinSorted(list[i:j])
		}
		out = append(out, one)
		i = j
	}
	return out
}

func joinSorted(same []Header) string {
	values := make([]string, len(same))
	for i, h := range same {
		values[i] = h.Value
	}
	slices.Sort(values)
	return strings.Join(values, ", ")
}

// transportHeaders are those of a message whose attributes are in its body.
func transportHeaders(header map[string][]string) ([]Header, *Error) {
	var p picker
	for name, values := range header {
		p.pick(name, values)
	}
	return p.headers()
}
