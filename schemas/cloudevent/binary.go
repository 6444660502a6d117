package cloudevent

import "strings"

// inHeaders is added to the fault of a missing attribute in binary mode.
const inHeaders = `: send it in the header "ce-%s", or the whole event as ` + MediaTypeStructured

// binaryParts is a message in binary mode, sorted into what its headers are.
// Nothing of it is decoded yet: a map has no order, and the fault that is told
// must not depend on luck.
type binaryParts struct {
	raw   [numAttrs]string
	seen  uint16
	exts  []Extension
	other picker
	fault *Error
}

// parseBinary holds HTTP binding section 3.1.
func parseBinary(header map[string][]string, ct string, body []byte) ([]*Event, *Error) {
	var parts binaryParts
	for name, values := range header {
		parts.take(name, values)
	}
	if parts.fault != nil {
		return nil, parts.fault
	}
	s := new(single)
	ev := &s.ev
	if fault := parts.attributes(ev, ct); fault != nil {
		return nil, fault
	}
	if fault := parts.extensions(ev); fault != nil {
		return nil, fault
	}
	if fault := ev.expiryFault(); fault != nil {
		return nil, fault
	}
	var fault *Error
	if ev.Headers, fault = parts.other.headers(); fault != nil {
		return nil, fault
	}
	if fault = ev.setBody(body); fault != nil {
		return nil, fault
	}
	if fault = ev.storable(); fault != nil {
		return nil, fault
	}
	return s.events(), nil
}

// take sorts one header in.
func (p *binaryParts) take(name string, values []string) {
	if len(name) < 3 || name[0]|0x20 != 'c' || name[1]|0x20 != 'e' || name[2] != '-' {
		p.other.pick(name, values)
		return
	}
	var buf [MaxNameLen]byte
	lower := asciiLower(buf[:0], name[3:])
	a, core := attrNamed(string(lower))
	switch {
	case core && a == attrContentType:
		p.blame(malformed(attrNames[a], "comes as the header %q; in binary mode the header Content-Type carries it", clip(name)))
	case len(values) != 1 || core && p.seen&(1<<a) != 0:
		p.blame(malformed(string(lower), "its header is given more than once; send it once"))
	case core:
		p.seen |= 1 << a
		p.raw[a] = values[0]
	default:
		p.extension(name[3:], lower, values[0])
	}
}

func (p *binaryParts) extension(name string, lower []byte, value string) {
	// A name in lower case is a part of the header's and needs no memory.
	if string(lower) != name {
		name = string(lower)
	}
	if fault := nameFault(name); fault != nil {
		p.blame(fault)
		return
	}
	p.exts = append(p.exts, Extension{name, value})
}

// blame keeps the fault whose attribute comes first in the alphabet.
func (p *binaryParts) blame(fault *Error) {
	if p.fault == nil || fault.Attribute < p.fault.Attribute {
		p.fault = fault
	}
}

func asciiLower(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// attributes decodes those that the specification names.
func (p *binaryParts) attributes(ev *Event, ct string) *Error {
	if p.seen == 0 && len(p.exts) == 0 {
		return malformed("", "the message is not a CloudEvent: it has no ce-* headers, and its Content-Type is %q; send the attributes as ce-* headers, or the whole event as %s", clip(ct), MediaTypeStructured)
	}
	for a := range numAttrs {
		if p.seen&(1<<a) == 0 {
			continue
		}
		v, reason := decodeValue(p.raw[a])
		if reason != "" {
			return malformed(attrNames[a], "%s", reason)
		}
		if fault := ev.set(a, v); fault != nil {
			return fault
		}
	}
	if fault := missing(p.seen); fault != nil {
		fault.Reason += strings.Replace(inHeaders, "%s", fault.Attribute, 1)
		return fault
	}
	if ct == "" {
		return nil
	}
	return ev.set(attrContentType, ct)
}

func (p *binaryParts) extensions(ev *Event) *Error {
	if len(p.exts) > MaxExtensions {
		return tooManyExtensions(len(p.exts))
	}
	if fault := sortExtensions(p.exts); fault != nil {
		return fault
	}
	for i := range p.exts {
		x := &p.exts[i]
		raw := x.Value.(string)
		v, reason := decodeValue(raw)
		if reason != "" {
			return malformed(x.Name, "%s", reason)
		}
		if fault := valueFault(x.Name, v); fault != nil {
			return fault
		}
		if v != raw {
			x.Value = v
		}
	}
	ev.Extensions = p.exts
	return nil
}

// setBody keeps the body as the data. An empty body is an event without data:
// binary mode cannot tell the two apart.
func (e *Event) setBody(body []byte) *Error {
	if len(body) == 0 {
		return nil
	}
	if declaresJSON(e.DataContentType) {
		if why := jsonFault(body); why != "" {
			return malformed("", "the data is declared as %s and is not valid JSON: %s", quote(e.DataContentType), why)
		}
	}
	e.Data = body
	return nil
}
