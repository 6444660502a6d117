package cloudevent

import "unicode/utf8"

// DataIsJSON reports whether Data is a JSON value: there is data, and its
// content type says so. Where there is no content type the data decides for
// itself: JSON format section 3.1.2 implies JSON, while the bytes of a message
// in binary mode without a Content-Type can be anything.
func (e *Event) DataIsJSON() bool {
	switch {
	case len(e.Data) == 0:
		return false
	case e.DataContentType == "":
		return jsonFault(e.Data) == ""
	case e.DataContentType == "application/json":
		return true
	}
	return declaresJSON(e.DataContentType)
}

// DataIsText reports whether Data is text and not JSON: its content type is
// text/*, XML or has a charset, and the bytes are valid UTF-8.
func (e *Event) DataIsText() bool {
	return e.Data != nil && !declaresJSON(e.DataContentType) && declaresText(e.DataContentType) && utf8.Valid(e.Data)
}

// Attribute is the value of the attribute of that name: a string, a bool or an
// int32; ok is false where the event has none. The time is its text.
func (e *Event) Attribute(name string) (value any, ok bool) {
	if a, core := attrNamed(name); core {
		if a == attrSpecVersion {
			return SpecVersion, true
		}
		v := *e.field(a)
		return v, v != ""
	}
	for i := range e.Extensions {
		if e.Extensions[i].Name == name {
			return e.Extensions[i].Value, true
		}
	}
	return nil, false
}

// Key identifies the event: two with the same source and id are the same event
// (spec section "id"). A source has no spaces, so no two pairs share a key. It
// is of any length and may hold any text: hash it where it must be short or
// go into a header.
func (e *Event) Key() string { return e.Source + " " + e.ID }
