package index

import (
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"unicode/utf8"
)

// The scanner checks a JSON text completely (it accepts what encoding/json
// accepts) and puts the values of slots where they belong. Functions take the
// place of a value's first byte and return the one after its last, or -1.

const maxDepth = 10_000 // encoding/json's own limit

func (r *reading) scan(b []byte) bool {
	if len(b) > 1<<30 {
		return false
	}
	end := r.value(b, space(b, 0), rootSlot, 0)
	return end >= 0 && space(b, end) == len(b)
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// value reads a value that belongs to a slot.
func (r *reading) value(b []byte, i int, at slotID, depth int) int {
	if i >= len(b) {
		return -1
	}
	switch c := b[i]; c {
	case '"':
		return r.textValue(b, i, at)
	case '{':
		r.put(at, Object)
		if s := &r.slots[at]; len(s.kids) > 0 {
			return r.object(b, i, at, depth+1)
		}
		return skipObject(b, i, depth+1)
	case '[':
		r.put(at, List)
		if elem := r.slots[at].elem; elem != noSlot {
			return r.array(b, i, elem, depth+1)
		}
		return skipArray(b, i, depth+1)
	case 't':
		r.put(at, Bool).yes = true
		return word(b, i, "true")
	case 'f':
		r.put(at, Bool).yes = false
		return word(b, i, "false")
	case 'n':
		r.put(at, Null)
		return word(b, i, "null")
	default:
		end := numberEnd(b, i)
		if end >= 0 {
			r.put(at, Number).str = r.text[i:end]
		}
		return end
	}
}

// name reads a name of an object, and returns what it leads to, the place after
// it, and its place in the order.
func (r *reading) name(b []byte, i int, at slotID, o *order, place int) (slotID, int, int) {
	end, plain := textEnd(b, i+1)
	if end < 0 {
		return noSlot, -1, place
	}
	name := r.text[i+1 : end]
	if !plain {
		name = unescaped(b[i : end+1])
	}
	kid := noSlot
	if s := &r.slots[at]; s.firsts>>firstBit(name)&1 != 0 {
		kid = s.kid(nameTag(name), name)
	}
	if plain {
		place = o.learn(name, kid, place)
	}
	return kid, end + 1, place
}

// textValue reads a text, for a slot if there is one.
func (r *reading) textValue(b []byte, i int, at slotID) int {
	end, plain := textEnd(b, i+1)
	if end < 0 {
		return -1
	}
	if at != noSlot {
		v := r.put(at, String)
		if v.str = r.text[i+1 : end]; !plain {
			v.str = unescaped(b[i : end+1])
		}
	}
	return end + 1
}

func (r *reading) object(b []byte, i int, at slotID, depth int) int {
	if depth > maxDepth {
		return -1
	}
	if i = space(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1
	}
	o, place := r.orderOf(at), 0
	for i < len(b) && b[i] == '"' {
		var kid slotID
		if o.next(b, i+1, place) {
			kid, i = o[place].kid, i+2+o[place].size
			place++
		} else if kid, i, place = r.name(b, i, at, o, place); i < 0 {
			return -1
		}
		if i = colon(b, i); i < 0 {
			return -1
		}
		switch {
		case i < len(b) && b[i] == '"':
			i = r.textValue(b, i, kid)
		case kid == noSlot:
			i = skip(b, i, depth)
		default:
			i = r.value(b, i, kid, depth)
		}
		if i < 0 {
			return -1
		}
		if i >= len(b) || b[i] != ',' && b[i] != '}' {
			if i = space(b, i); i >= len(b) {
				return -1
			}
		}
		switch b[i] {
		case ',':
			if i++; i < len(b) && b[i] != '"' {
				i = space(b, i)
			}
		case '}':
			return i + 1
		default:
			return -1
		}
	}
	return -1
}

func (r *reading) array(b []byte, i int, elem slotID, depth int) int {
	if depth > maxDepth {
		return -1
	}
	if i = space(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		r.element++
		if i = r.value(b, i, elem, depth); i < 0 {
			return -1
		}
		var more bool
		if i, more = next(b, i, ']'); !more {
			return i
		}
	}
}

// next goes on after an element or member that ended before i: to the place of
// the one that follows, or, with no more, to that after the bracket.
func next(b []byte, i int, bracket byte) (place int, more bool) {
	if i = space(b, i); i < len(b) {
		switch b[i] {
		case ',':
			return space(b, i+1), true
		case bracket:
			return i + 1, false
		}
	}
	return -1, false
}

// colon returns the place of a member's value, whose name ended before i.
func colon(b []byte, i int) int {
	if i+1 < len(b) && b[i] == ':' && b[i+1] > ' ' {
		return i + 1
	}
	if i = space(b, i); i >= len(b) || b[i] != ':' {
		return -1
	}
	return space(b, i+1)
}

// skip passes a value that no slot belongs to.
func skip(b []byte, i, depth int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		end, _ := textEnd(b, i+1)
		if end < 0 {
			return -1
		}
		return end + 1
	case '{':
		return skipObject(b, i, depth+1)
	case '[':
		return skipArray(b, i, depth+1)
	case 't':
		return word(b, i, "true")
	case 'f':
		return word(b, i, "false")
	case 'n':
		return word(b, i, "null")
	}
	return numberEnd(b, i)
}

func skipObject(b []byte, i, depth int) int {
	if depth > maxDepth {
		return -1
	}
	if i = space(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for i < len(b) && b[i] == '"' {
		if i, _ = textEnd(b, i+1); i < 0 {
			return -1
		}
		if i = colon(b, i+1); i < 0 {
			return -1
		}
		if i = skip(b, i, depth); i < 0 {
			return -1
		}
		var more bool
		if i, more = next(b, i, '}'); !more {
			return i
		}
	}
	return -1
}

func skipArray(b []byte, i, depth int) int {
	if depth > maxDepth {
		return -1
	}
	if i = space(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		if i = skip(b, i, depth); i < 0 {
			return -1
		}
		var more bool
		if i, more = next(b, i, ']'); !more {
			return i
		}
	}
}

func word(b []byte, i int, word string) int {
	if end := i + len(word); end <= len(b) && string(b[i:end]) == word {
		return end
	}
	return -1
}

// textEnd returns the place of the quote that ends the text whose first byte
// is at i, and whether the bytes before it are the text: no escapes, valid
// UTF-8. It reads eight bytes at a time for as long as all of them are plain.
func textEnd(b []byte, i int) (end int, plain bool) {
	const (
		ones   = 0x0101010101010101
		highs  = 0x8080808080808080
		quotes = 0x2222222222222222
		slants = 0x5c5c5c5c5c5c5c5c
		blanks = 0x2020202020202020
	)
	start := i
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		// A byte's high bit is set if it is a quote, a slant, below a blank or
		// above ASCII. What is above the lowest of those may be wrong.
		quote, slant, blank := (w^quotes)-ones, (w^slants)-ones, w-blanks
		found := (quote | slant | blank | w) & highs
		if found != 0 {
			i += bits.TrailingZeros64(found) >> 3
			if b[i] == '"' {
				return i, true
			}
			return textRest(b, start, i)
		}
		i += 8
	}
	return textRest(b, start, i)
}

// textRest is textEnd byte by byte.
func textRest(b []byte, start, i int) (end int, plain bool) {
	ascii, escaped := true, false
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			return i, !escaped && (ascii || utf8.Valid(b[start:i]))
		case c == '\\':
			escaped = true
			if i = escape(b, i); i < 0 {
				return -1, false
			}
			continue
		case c < ' ':
			return -1, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
		i++
	}
	return -1, false
}

// escape passes the escape at i.
func escape(b []byte, i int) int {
	if i+1 >= len(b) {
		return -1
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if i+6 > len(b) {
			return -1
		}
		for _, c := range b[i+2 : i+6] {
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return -1
			}
		}
		return i + 6
	}
	return -1
}

// unescaped is the text that a JSON text with its quotes means. The rare ones
// with escapes, and those with broken UTF-8, are left to encoding/json, so that
// they mean what they mean everywhere else in Go.
func unescaped(quoted []byte) string {
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return ""
	}
	return s
}

func numberEnd(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	start := i
	i = digits(b, i)
	if i == start || b[start] == '0' && i > start+1 {
		return -1
	}
	if i < len(b) && b[i] == '.' {
		if start, i = i+1, digits(b, i+1); i == start {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if start, i = i, digits(b, i); i == start {
			return -1
		}
	}
	return i
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}
