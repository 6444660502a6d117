package rules

import (
	"unsafe"

	"github.com/wye-events/wye/rules/jsontext"
)

// The data of an event is read by a decoder of its own, because conditions
// look at two or three of its fields: one pass over the text checks it and
// notes where every value begins (a tape), and only what a condition asks for
// becomes a value. On a 700-byte event this is about ten times quicker than
// building maps with encoding/json, and allocates nothing when the tape is
// used again.

type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonFalse
	jsonTrue
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// jsonNode is one value, or one key of an object. What is inside an array or
// object follows it directly: values, or keys and values in turn.
type jsonNode struct {
	doc        *jsonDoc
	start, end int32 // in doc.text; without the quotes of a string
	self, next int32 // its own place on the tape, and the first after its content
	count      int32 // elements of an array, members of an object
	kind       jsonKind
	plain      bool // a string whose bytes are its value: no escapes, valid UTF-8
}

// jsonDoc is a JSON text and its tape.
type jsonDoc struct {
	text  string
	bytes []byte // of text
	nodes []jsonNode
	// Where members and elements are, for those objects and arrays that were
	// asked for more than a few; filled when needed.
	members  map[int32]map[string]int32
	elements map[int32][]int32
}

// parse reads a text and reports whether it is one valid JSON value. It
// accepts exactly what encoding/json accepts.
func (d *jsonDoc) parse(text string) bool {
	d.reset()
	if len(text) > 1<<30 {
		return false
	}
	d.text, d.bytes = text, unsafe.Slice(unsafe.StringData(text), len(text))
	end := d.value(jsontext.Space(d.bytes, 0), 0)
	return end >= 0 && jsontext.Space(d.bytes, end) == len(text)
}

// reset forgets the text but keeps the tape's memory, unless it is large.
func (d *jsonDoc) reset() {
	const keep = 4096
	if cap(d.nodes) > keep {
		d.nodes = nil
	}
	d.text, d.bytes, d.nodes, d.members, d.elements = "", nil, d.nodes[:0], nil, nil
}

// value reads the value at i and returns the place after it, or -1.
func (d *jsonDoc) value(i, depth int) int {
	if i >= len(d.text) {
		return -1
	}
	switch c := d.text[i]; {
	case c == '"':
		return d.string(i)
	case c == '{':
		return d.object(i, depth+1)
	case c == '[':
		return d.array(i, depth+1)
	case c == '-' || c >= '0' && c <= '9':
		return d.number(i)
	case c == 't':
		return d.word(i, "true", jsonTrue)
	case c == 'f':
		return d.word(i, "false", jsonFalse)
	case c == 'n':
		return d.word(i, "null", jsonNull)
	}
	return -1
}

func (d *jsonDoc) add(kind jsonKind, start, end int) int {
	self := len(d.nodes)
	d.nodes = append(d.nodes, jsonNode{
		doc: d, kind: kind, start: int32(start), end: int32(end), self: int32(self), next: int32(self + 1),
	})
	return self
}

func (d *jsonDoc) word(i int, word string, kind jsonKind) int {
	end := jsontext.Word(d.bytes, i, word)
	if end >= 0 {
		d.add(kind, i, end)
	}
	return end
}

func (d *jsonDoc) string(i int) int {
	end, plain := jsontext.TextEnd(d.bytes, i+1)
	if end < 0 {
		return -1
	}
	d.nodes[d.add(jsonString, i+1, end)].plain = plain
	return end + 1
}

func (d *jsonDoc) number(i int) int {
	end := jsontext.NumberEnd(d.bytes, i)
	if end >= 0 {
		d.add(jsonNumber, i, end)
	}
	return end
}

func (d *jsonDoc) array(i, depth int) int {
	if depth > jsontext.MaxDepth {
		return -1
	}
	self := d.add(jsonArray, i, i)
	if i = jsontext.Space(d.bytes, i+1); i < len(d.text) && d.text[i] == ']' {
		return d.close(self, i, 0)
	}
	for count := int32(1); ; count++ {
		if i = d.value(i, depth); i < 0 {
			return -1
		}
		if i = jsontext.Space(d.bytes, i); i >= len(d.text) {
			return -1
		}
		switch d.text[i] {
		case ']':
			return d.close(self, i, count)
		case ',':
			i = jsontext.Space(d.bytes, i+1)
		default:
			return -1
		}
	}
}

func (d *jsonDoc) object(i, depth int) int {
	if depth > jsontext.MaxDepth {
		return -1
	}
	self := d.add(jsonObject, i, i)
	if i = jsontext.Space(d.bytes, i+1); i < len(d.text) && d.text[i] == '}' {
		return d.close(self, i, 0)
	}
	for count := int32(1); ; count++ {
		if i = d.member(i, depth); i < 0 || i >= len(d.text) {
			return -1
		}
		switch d.text[i] {
		case '}':
			return d.close(self, i, count)
		case ',':
			i = jsontext.Space(d.bytes, i+1)
		default:
			return -1
		}
	}
}

// member reads a key, a colon and a value, and the space after them.
func (d *jsonDoc) member(i, depth int) int {
	if i >= len(d.text) || d.text[i] != '"' {
		return -1
	}
	if i = d.string(i); i < 0 {
		return -1
	}
	if i = jsontext.Space(d.bytes, i); i >= len(d.text) || d.text[i] != ':' {
		return -1
	}
	if i = d.value(jsontext.Space(d.bytes, i+1), depth); i < 0 {
		return -1
	}
	return jsontext.Space(d.bytes, i)
}

func (d *jsonDoc) close(self, i int, count int32) int {
	n := &d.nodes[self]
	n.end, n.next, n.count = int32(i+1), int32(len(d.nodes)), count
	return i + 1
}
