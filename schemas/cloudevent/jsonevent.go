package cloudevent

import (
	"strconv"
	"strings"
)

// jsonEvent is one event while its members come in.
type jsonEvent struct {
	ev    *Event
	seen  uint16 // attributes that came, for finding a second one
	given uint16 // attributes that were not null
	fault *Error // the first fault of well-formed JSON; reading goes on

	data, base64 []byte // the members' text as written, nil where absent

	strings strings.Builder // memory for all strings of the event
}

// keep is string(raw) in the memory that the event's strings share. A builder
// only ever appends, so what it gave before stays as it was.
func (j *jsonEvent) keep(raw []byte) string {
	switch string(raw) {
	case SpecVersion:
		return SpecVersion
	case "application/json":
		return "application/json"
	}
	if j.strings.Cap() == 0 {
		j.strings.Grow(max(192, len(raw)))
	}
	start := j.strings.Len()
	j.strings.Write(raw)
	return j.strings.String()[start:]
}

// event reads the object that s stands at. A fault is something wrong with the
// event; ok is false where the text is no JSON.
func (s *scanner) event(ev *Event) (fault *Error, ok bool) {
	j := jsonEvent{ev: ev}
	s.pos++
	s.space()
	if s.peek() == '}' {
		s.pos++
		return j.finish(), true
	}
	for {
		name, plain, ok := s.name()
		if !ok || !j.member(s, name, plain) {
			return nil, false
		}
		if more, ok := s.next('}', "a comma or }"); !more {
			return j.finish(), ok
		}
	}
}

// member reads the value of one member; false where the text is no JSON.
func (j *jsonEvent) member(s *scanner, name []byte, plain bool) bool {
	if !plain {
		var ok bool
		if name, ok = unquote(name); !ok {
			j.blame(malformed("", "a name has half of a surrogate pair; names consist of lower-case letters a-z and digits"))
			return s.value(maxDepth)
		}
	}
	if a, ok := attrNamed(string(name)); ok {
		return j.attribute(s, a)
	}
	switch string(name) {
	case "data":
		return j.payload(s, "data", &j.data)
	case "data_base64":
		return j.payload(s, "data_base64", &j.base64)
	}
	return j.extension(s, name)
}

func (j *jsonEvent) blame(fault *Error) {
	if j.fault == nil {
		j.fault = fault
	}
}

func (j *jsonEvent) attribute(s *scanner, a attr) bool {
	if j.seen&(1<<a) != 0 {
		j.blame(twice(attrNames[a]))
	}
	j.seen |= 1 << a
	if s.peek() != '"' {
		return j.notString(s, a)
	}
	v, fault, ok := j.text(s, attrNames[a])
	if !ok {
		return false
	}
	if fault == nil {
		fault = j.ev.set(a, v)
	}
	if fault != nil {
		j.blame(fault)
	}
	j.given |= 1 << a
	return true
}

// notString takes null, which means that the attribute is not there (JSON
// format section 2.2), and refuses the rest.
func (j *jsonEvent) notString(s *scanner, a attr) bool {
	kind := kindOf(s.peek())
	if !s.value(maxDepth) {
		return false
	}
	switch {
	case kind != "null":
		j.blame(malformed(attrNames[a], "is %s; it must be a JSON string", kind))
	case a.required():
		j.blame(malformed(attrNames[a], "is null; every event needs it"))
	}
	return true
}

func (j *jsonEvent) payload(s *scanner, name string, keep *[]byte) bool {
	if *keep != nil {
		j.blame(malformed("", "the member %q is given twice; send it once", name))
	}
	start := s.pos
	if !s.value(maxDepth) {
		return false
	}
	*keep = s.src[start:s.pos:s.pos]
	return true
}

// extension keeps also a null one for now, so that a second of its name is
// found.
func (j *jsonEvent) extension(s *scanner, name []byte) bool {
	x := Extension{Name: j.keep(name)}
	fault := nameFault(x.Name)
	var ok bool
	switch c := s.peek(); c {
	case '"':
		var text string
		var wrong *Error
		text, wrong, ok = j.text(s, x.Name)
		if wrong == nil {
			wrong = valueFault(x.Name, text)
		}
		if fault == nil {
			fault = wrong
		}
		x.Value = text
	default:
		start := s.pos
		ok = s.value(maxDepth)
		if ok && fault == nil {
			x.Value, fault = scalar(x.Name, s.src[start:s.pos])
		}
	}
	if !ok {
		return false
	}
	if fault != nil {
		j.blame(fault)
	}
	if j.fault == nil {
		j.ev.Extensions = append(j.ev.Extensions, x)
	}
	return true
}

// scalar is the value of an extension that is no string: a boolean, an
// integer, or nil for null. An integer is written as JSON format section 2.2
// has it, with its integer component only: 5.0 and 5e0 are refused.
func scalar(name string, raw []byte) (any, *Error) {
	switch raw[0] {
	case 't', 'f':
		return raw[0] == 't', nil
	case 'n':
		return nil, nil
	case '{', '[':
		return nil, malformed(name, "is %s; an extension is a string, a boolean or an integer: carry structure in the data", kindOf(raw[0]))
	}
	n, err := strconv.ParseInt(string(raw), 10, 32)
	if err != nil {
		return nil, malformed(name, "%s is not an integer from -2147483648 to 2147483647 without fraction and exponent; send other numbers as a string", clip(string(raw)))
	}
	return int32(n), nil
}

// text passes a string and gives its characters.
func (j *jsonEvent) text(s *scanner, name string) (v string, fault *Error, ok bool) {
	raw, plain, ok := s.str()
	if !ok {
		return "", nil, false
	}
	if plain {
		return j.keep(raw), nil, true
	}
	out, whole := unquote(raw)
	if !whole {
		return "", malformed(name, "has half of a surrogate pair, which is no character; send both halves or neither"), true
	}
	return j.keep(out), nil, true
}

func kindOf(c byte) string {
	switch c {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// finish is what can be said only when all members are in.
func (j *jsonEvent) finish() *Error {
	if j.fault != nil {
		return j.fault
	}
	if fault := missing(j.given); fault != nil {
		return fault
	}
	if fault := j.extensions(); fault != nil {
		return fault
	}
	if fault := j.ev.expiryFault(); fault != nil {
		return fault
	}
	if fault := j.setData(); fault != nil {
		return fault
	}
	return j.ev.storable()
}

func (j *jsonEvent) extensions() *Error {
	exts := j.ev.Extensions
	if len(exts) > MaxExtensions {
		return tooManyExtensions(len(exts))
	}
	if fault := sortExtensions(exts); fault != nil {
		return fault
	}
	kept := exts[:0]
	for _, x := range exts {
		if x.Value != nil {
			kept = append(kept, x)
		}
	}
	if j.ev.Extensions = kept; len(kept) == 0 {
		j.ev.Extensions = nil
	}
	return nil
}
