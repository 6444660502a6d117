package rules

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// Value is a value as an explanation shows it.
type Value struct {
	// Type is text, number, bool, null, list, object, bytes, time, duration,
	// type, event or headers.
	Type string `json:"type"`
	// Text is the value as a condition would write it, shortened where it is long.
	Text string `json:"text"`
	// Size is there where Text is shortened: how many characters, bytes,
	// elements or members there are.
	Size int `json:"size,omitempty"`
}

// shownCharacters is how much of a value is shown.
const shownCharacters = 160

// valueOf describes a value. It looks at no more of it than it shows, so a
// value of a mebibyte costs no more than one of a hundred bytes.
func valueOf(v ref.Val) Value {
	w := valueWriter{left: shownCharacters}
	w.value(v)
	shown := Value{Type: typeName(v), Text: w.b.String()}
	if w.cut {
		shown.Size = sizeOf(v)
	}
	return shown
}

func typeName(v ref.Val) string {
	switch v := v.(type) {
	case types.String:
		return "text"
	case types.Int, types.Uint, types.Double:
		return "number"
	case types.Bool:
		return "bool"
	case types.Null:
		return "null"
	case types.Bytes:
		return "bytes"
	case types.Timestamp:
		return "time"
	case types.Duration:
		return "duration"
	case *eventValue:
		return "event"
	case *headerMap:
		return "headers"
	case traits.Lister:
		return "list"
	case traits.Mapper:
		return "object"
	case ref.Type:
		return "type"
	default:
		return v.Type().TypeName()
	}
}

// sizeOf is how much there is of a value: characters, bytes, elements, members.
func sizeOf(v ref.Val) int {
	if s, ok := v.(types.Bytes); ok {
		return len(s)
	}
	if s, ok := v.(traits.Sizer); ok {
		if n, ok := s.Size().(types.Int); ok {
			return int(n)
		}
	}
	return 0
}

// valueWriter writes a value until it has written enough.
type valueWriter struct {
	b    strings.Builder
	left int // characters
	cut  bool
}

func (w *valueWriter) full() bool { return w.left <= 0 }

// put writes text that belongs together, in full or not at all.
func (w *valueWriter) put(s string) {
	if w.full() {
		w.more()
		return
	}
	w.left -= len(s)
	w.b.WriteString(s)
}

// more marks where the rest is left out.
func (w *valueWriter) more() {
	if !w.cut {
		w.b.WriteString("…")
	}
	w.cut = true
}

func (w *valueWriter) value(v ref.Val) {
	switch v := v.(type) {
	case types.String:
		w.text(`"`, string(v))
	case types.Bytes:
		w.text(`b"`, string(v[:min(len(v), w.left+1)]))
	case types.Int, types.Uint, types.Double:
		w.put(numberText(v))
	case types.Timestamp:
		w.put(v.UTC().Format(time.RFC3339Nano))
	case types.Duration:
		w.put(v.Duration.String())
	case *eventValue:
		w.put("the event")
	case traits.Lister:
		w.list(v)
	case traits.Mapper:
		w.object(v)
	case ref.Type:
		w.put(v.TypeName())
	default:
		w.put(types.Format(v))
	}
}

func numberText(v ref.Val) string {
	if f, ok := v.(types.Double); ok {
		switch {
		case isNaN(f):
			return "not a number"
		case f > maxDouble:
			return "beyond 1.8e308"
		case f < -maxDouble:
			return "below -1.8e308"
		}
	}
	return strings.TrimSuffix(types.Format(v), "u")
}

const maxDouble = types.Double(1.7976931348623157e308)

// text writes a text in quotes, and what would move a terminal's cursor or
// hide itself as an escape.
func (w *valueWriter) text(open, s string) {
	w.b.WriteString(open)
	for _, r := range s {
		if w.full() {
			w.more()
			break
		}
		switch {
		case r == '"' || r == '\\':
			w.put(`\` + string(r))
		case r == '\n':
			w.put(`\n`)
		case unicode.IsPrint(r) && r != unicode.ReplacementChar:
			w.left--
			w.b.WriteRune(r)
		case r > 0xffff:
			w.put(fmt.Sprintf(`\U%08x`, r))
		default:
			w.put(fmt.Sprintf(`\u%04x`, r))
		}
	}
	w.b.WriteString(`"`)
}

func (w *valueWriter) list(l traits.Lister) {
	w.put("[")
	for it, first := l.Iterator(), true; it.HasNext() == types.True; first = false {
		if !first {
			w.put(", ")
		}
		if w.full() {
			w.more()
			break
		}
		w.value(it.Next())
	}
	w.b.WriteString("]")
}

func (w *valueWriter) object(m traits.Mapper) {
	w.put("{")
	for it, first := m.Iterator(), true; it.HasNext() == types.True; first = false {
		if !first {
			w.put(", ")
		}
		if w.full() {
			w.more()
			break
		}
		key := it.Next()
		w.value(key)
		w.put(": ")
		if member, ok := m.Find(key); ok && !w.full() {
			w.value(member)
		}
	}
	w.b.WriteString("}")
}
