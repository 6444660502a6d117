package cloudevent

import (
	"encoding/base64"
	"net/textproto"
	"strconv"
)

// EachHeader calls set with the headers of the event in binary mode (HTTP
// binding section 3.1): lower-case names, values percent-encoded. The body of
// the message is Data. JSON data without a content type gets the one that it
// implies (JSON format section 3.1.2). Headers of the transport are left out.
func (e *Event) EachHeader(set func(name, value string)) {
	e.eachAttribute(set)
	if e.DataContentType == "" && e.DataIsJSON() {
		set("content-type", "application/json")
	}
}

// eachAttribute is EachHeader with the event's own content type only.
func (e *Event) eachAttribute(set func(name, value string)) {
	set("ce-specversion", SpecVersion)
	set("ce-id", encodeValue(e.ID))
	set("ce-source", encodeValue(e.Source))
	set("ce-type", encodeValue(e.Type))
	if e.DataContentType != "" {
		set("content-type", e.DataContentType)
	}
	if e.DataSchema != "" {
		set("ce-dataschema", encodeValue(e.DataSchema))
	}
	if e.Subject != "" {
		set("ce-subject", encodeValue(e.Subject))
	}
	if e.Time != "" {
		set("ce-time", encodeValue(e.Time))
	}
	for i := range e.Extensions {
		x := &e.Extensions[i]
		set("ce-"+x.Name, encodeValue(x.Text()))
	}
}

// Text is the canonical string of the value (spec section "Type System").
func (x *Extension) Text() string {
	switch v := x.Value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int32:
		return strconv.Itoa(int(v))
	}
	return ""
}

// BinaryHeader is [Event.EachHeader] as a map that http.Header and nats.Header
// convert from, with names as net/http spells them ("Ce-Id").
func (e *Event) BinaryHeader() map[string][]string {
	h := make(map[string][]string, 8+len(e.Extensions))
	e.EachHeader(func(name, value string) {
		h[textproto.CanonicalMIMEHeaderKey(name)] = []string{value}
	})
	return h
}

// AppendStructured appends the event in the JSON format (section 3), on one
// line. JSON data is written as it is, text as a JSON string, all else in
// base64.
func (e *Event) AppendStructured(dst []byte) []byte {
	dst = append(dst, `{"specversion":"1.0"`...)
	for a := attrID; a < numAttrs; a++ {
		if v := *e.field(a); v != "" {
			dst = appendMember(dst, attrNames[a])
			dst = appendString(dst, v)
		}
	}
	for i := range e.Extensions {
		dst = appendMember(dst, e.Extensions[i].Name)
		dst = e.Extensions[i].append(dst)
	}
	return append(e.appendData(dst), '}')
}

func (x *Extension) append(dst []byte) []byte {
	if v, ok := x.Value.(string); ok {
		return appendString(dst, v)
	}
	return append(dst, x.Text()...)
}

func (e *Event) appendData(dst []byte) []byte {
	switch {
	case e.Data == nil:
		return dst
	case e.DataIsJSON():
		return append(appendMember(dst, "data"), trimSpace(e.Data)...)
	case e.DataIsText():
		return appendString(appendMember(dst, "data"), e.Data)
	}
	dst = append(appendMember(dst, "data_base64"), '"')
	dst = base64.StdEncoding.AppendEncode(dst, e.Data)
	return append(dst, '"')
}

// trimSpace takes off the space around a JSON value, so that the event is one
// line for those who send lines.
func trimSpace(value []byte) []byte {
	s := scanner{src: value}
	s.space()
	end := len(value)
	for end > s.pos && value[end-1] <= ' ' {
		end--
	}
	return value[s.pos:end]
}

// AppendBatch appends events in the JSON batch format (section 4).
func AppendBatch(dst []byte, evs []*Event) []byte {
	dst = append(dst, '[')
	for i, e := range evs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = e.AppendStructured(dst)
	}
	return append(dst, ']')
}

func appendMember(dst []byte, name string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

// appendString writes valid UTF-8 as a JSON string.
func appendString[T string | []byte](dst []byte, v T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := range len(v) {
		if c := v[i]; c < ' ' || c == '"' || c == '\\' {
			dst = append(dst, v[start:i]...)
			dst = appendEscape(dst, c)
			start = i + 1
		}
	}
	dst = append(dst, v[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(append(dst, `\u00`...), hexByte(c)...)
}
