package index

import "github.com/wye-events/wye/rules/jsontext"

// The scanner checks a JSON text completely (it accepts what encoding/json
// accepts) and puts the values of slots where they belong. Functions take the
// place of a value's first byte and return the one after its last, or -1.

func (r *reading) scan(b []byte) bool {
	if len(b) > 1<<30 {
		return false
	}
	end := r.value(b, jsontext.Space(b, 0), rootSlot, 0)
	return end >= 0 && jsontext.Space(b, end) == len(b)
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
		return jsontext.Word(b, i, "true")
	case 'f':
		r.put(at, Bool).yes = false
		return jsontext.Word(b, i, "false")
	case 'n':
		r.put(at, Null)
		return jsontext.Word(b, i, "null")
	default:
		end := jsontext.NumberEnd(b, i)
		if end >= 0 {
			r.put(at, Number).str = r.text[i:end]
		}
		return end
	}
}

// name reads a name of an object, and returns what it leads to, the place after
// it, and its place in the order.
func (r *reading) name(b []byte, i int, at slotID, o *order, place int) (slotID, int, int) {
	end, plain := jsontext.TextEnd(b, i+1)
	if end < 0 {
		return noSlot, -1, place
	}
	name := r.text[i+1 : end]
	if !plain {
		name = jsontext.Unescaped(b[i : end+1])
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
	end, plain := jsontext.TextEnd(b, i+1)
	if end < 0 {
		return -1
	}
	if at != noSlot {
		v := r.put(at, String)
		if v.str = r.text[i+1 : end]; !plain {
			v.str = jsontext.Unescaped(b[i : end+1])
		}
	}
	return end + 1
}

func (r *reading) object(b []byte, i int, at slotID, depth int) int {
	if depth > jsontext.MaxDepth {
		return -1
	}
	if i = jsontext.Space(b, i+1); i < len(b) && b[i] == '}' {
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
			if i = jsontext.Space(b, i); i >= len(b) {
				return -1
			}
		}
		switch b[i] {
		case ',':
			if i++; i < len(b) && b[i] != '"' {
				i = jsontext.Space(b, i)
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
	if depth > jsontext.MaxDepth {
		return -1
	}
	if i = jsontext.Space(b, i+1); i < len(b) && b[i] == ']' {
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
	if i = jsontext.Space(b, i); i < len(b) {
		switch b[i] {
		case ',':
			return jsontext.Space(b, i+1), true
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
	if i = jsontext.Space(b, i); i >= len(b) || b[i] != ':' {
		return -1
	}
	return jsontext.Space(b, i+1)
}

// skip passes a value that no slot belongs to.
func skip(b []byte, i, depth int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		end, _ := jsontext.TextEnd(b, i+1)
		if end < 0 {
			return -1
		}
		return end + 1
	case '{':
		return skipObject(b, i, depth+1)
	case '[':
		return skipArray(b, i, depth+1)
	case 't':
		return jsontext.Word(b, i, "true")
	case 'f':
		return jsontext.Word(b, i, "false")
	case 'n':
		return jsontext.Word(b, i, "null")
	}
	return jsontext.NumberEnd(b, i)
}

func skipObject(b []byte, i, depth int) int {
	if depth > jsontext.MaxDepth {
		return -1
	}
	if i = jsontext.Space(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for i < len(b) && b[i] == '"' {
		if i, _ = jsontext.TextEnd(b, i+1); i < 0 {
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
	if depth > jsontext.MaxDepth {
		return -1
	}
	if i = jsontext.Space(b, i+1); i < len(b) && b[i] == ']' {
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
