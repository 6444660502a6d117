package cloudevent

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The stored form is what the bus keeps: a message in binary mode, so that
// anyone who reads the stream finds a CloudEvent, and beside it what binary
// mode cannot carry.
const (
	// storedTypes names the extensions that are no strings: "a=i,b=b".
	storedTypes = "wye-types"
	// storedData is storedEmpty for data of no bytes, which is not no data.
	storedData  = "wye-data"
	storedEmpty = "empty"
	// storedHeader starts the name of a transport header.
	storedHeader = "wye-h-"
)

// maxStoredHeader bounds the header of the stored form. JetStream takes 64 KiB
// in all; the rest is for what the bus adds.
const maxStoredHeader = 60 << 10

// storable refuses an event whose attributes and headers, encoded, are more
// than the bus can keep.
func (e *Event) storable() *Error {
	size := len(e.DataSchema) + len(e.Time) + len(e.DataContentType) + len(e.ID) + len(e.Source) + len(e.Type) + len(e.Subject)
	for i := range e.Extensions {
		x := &e.Extensions[i]
		text, _ := x.Value.(string)
		size += len(x.Name) + len(text)
	}
	for _, h := range e.Headers {
		size += len(h.Name) + len(h.Value)
	}
	// Encoding makes a byte three at most, and a line has few more.
	if 3*size+24*(len(e.Headers)+len(e.Extensions)+int(numAttrs)) <= maxStoredHeader {
		return nil
	}
	if size = e.storedSize(); size <= maxStoredHeader {
		return nil
	}
	return tooLarge("", "the attributes and the message's other headers have %d bytes when encoded; at most %d are allowed: carry more in the data", size, maxStoredHeader)
}

func (e *Event) storedSize() (size int) {
	header, _ := e.EncodeStored()
	for name, values := range header {
		size += len(name) + len(": \r\n") + len(values[0])
	}
	return size
}

// storedLines builds a header without one allocation per value.
type storedLines struct {
	header map[string][]string
	values []string
}

func (l *storedLines) set(name, value string) {
	l.values = append(l.values, value)
	n := len(l.values)
	l.header[name] = l.values[n-1 : n : n]
}

// EncodeStored gives the event in the form that the bus keeps, for
// [DecodeStored]. The data is the event's own. Names are in lower case.
func (e *Event) EncodeStored() (header map[string][]string, data []byte) {
	n := e.storedCount()
	l := storedLines{make(map[string][]string, n), make([]string, 0, n)}
	e.eachAttribute(l.set)
	if types := e.extensionTypes(); types != "" {
		l.set(storedTypes, types)
	}
	if e.Data != nil && len(e.Data) == 0 {
		l.set(storedData, storedEmpty)
	}
	for _, h := range e.Headers {
		l.set(storedName(h.Name), encodeValue(h.Value))
	}
	return l.header, e.Data
}

// storedCount is how many headers a usual event has; a map of eight or fewer
// costs half of a larger one. The two rare marks of Wye may come on top.
func (e *Event) storedCount() int {
	n := 4 + len(e.Extensions) + len(e.Headers)
	for _, optional := range [...]string{e.DataContentType, e.DataSchema, e.Subject, e.Time} {
		if optional != "" {
			n++
		}
	}
	return n
}

func (e *Event) extensionTypes() string {
	var b []byte
	for i := range e.Extensions {
		x := &e.Extensions[i]
		letter := ""
		switch x.Value.(type) {
		case bool:
			letter = "=b,"
		case int32:
			letter = "=i,"
		default:
			continue
		}
		b = append(append(b, x.Name...), letter...)
	}
	return strings.TrimSuffix(string(b), ",")
}

// DecodeStored reads what [Event.EncodeStored] wrote, header names in any
// letter case; other headers are passed over. It trusts that the event was
// valid and does not check it again, but refuses what EncodeStored cannot have
// written. Data is data itself.
func DecodeStored(header map[string][]string, data []byte) (*Event, error) {
	e := new(Event)
	d := storedReader{ev: e}
	for name, values := range header {
		if len(values) == 0 {
			continue
		}
		if err := d.line(name, values[0]); err != nil {
			return nil, fmt.Errorf("stored event: header %q: %w", clip(name), err)
		}
	}
	if e.ID == "" || e.Source == "" || e.Type == "" {
		return nil, errors.New("stored event: it has no id, source or type")
	}
	slices.SortFunc(e.Extensions, func(a, b Extension) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(e.Headers, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
	if err := e.setTypes(d.types); err != nil {
		return nil, fmt.Errorf("stored event: header %q: %w", storedTypes, err)
	}
	if len(data) > 0 {
		e.Data = data
	} else if d.empty {
		e.Data = []byte{}
	}
	return e, nil
}

type storedReader struct {
	ev    *Event
	types string
	empty bool
}

var errBadValue = errors.New("its value is damaged")

func (d *storedReader) line(name, value string) error {
	var buf [MaxNameLen + 8]byte
	if len(name) > 0 && (name[0] == 'C' || name[0] == 'W') {
		name = string(asciiLower(buf[:0], name))
	}
	switch {
	case strings.HasPrefix(name, "ce-"):
		return d.attribute(name[len("ce-"):], value)
	case name == "content-type":
		d.ev.DataContentType = value
	case name == storedTypes:
		d.types = value
	case name == storedData:
		d.empty = value == storedEmpty
	case strings.HasPrefix(name, storedHeader):
		text, ok := storedText(value)
		if !ok {
			return errBadValue
		}
		d.ev.Headers = append(d.ev.Headers, Header{name[len(storedHeader):], text})
	}
	return nil
}

func (d *storedReader) attribute(name, value string) error {
	text, ok := storedText(value)
	if !ok {
		return errBadValue
	}
	a, core := attrNamed(name)
	switch {
	case !core:
		d.ev.Extensions = append(d.ev.Extensions, Extension{name, text})
	case a == attrSpecVersion:
		if text != SpecVersion {
			return errors.New("it is of another version of the specification")
		}
	default:
		*d.ev.field(a) = text
	}
	return nil
}

func storedText(value string) (string, bool) {
	if strings.IndexByte(value, '%') < 0 {
		return value, true
	}
	text, fault := percentDecode(value)
	return text, fault == ""
}

// setTypes turns the texts of extensions back into their values.
func (e *Event) setTypes(types string) error {
	for entry := range strings.SplitSeq(types, ",") {
		name, kind, ok := strings.Cut(entry, "=")
		if types == "" {
			return nil
		}
		i, found := slices.BinarySearchFunc(e.Extensions, name, func(x Extension, name string) int { return strings.Compare(x.Name, name) })
		if !ok || !found {
			return errBadValue
		}
		x := &e.Extensions[i]
		value, ok := typedValue(kind, x.Text())
		if !ok {
			return errBadValue
		}
		x.Value = value
	}
	return nil
}

func typedValue(kind, text string) (any, bool) {
	switch kind {
	case "b":
		return text == "true", text == "true" || text == "false"
	case "i":
		n, err := strconv.ParseInt(text, 10, 32)
		return int32(n), err == nil
	}
	return nil, false
}

// storedName spares the usual headers a new string each time.
func storedName(name string) string {
	if stored, ok := storedNames[name]; ok {
		return stored
	}
	return storedHeader + name
}

var storedNames = func() map[string]string {
	m := make(map[string]string, len(keptNames))
	for name := range keptNames {
		m[name] = storedHeader + name
	}
	return m
}()
