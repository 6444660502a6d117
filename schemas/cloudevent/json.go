package cloudevent

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// maxDepth bounds how deep arrays and objects nest in one event's data.
const maxDepth = 512

// scanner walks over JSON text (RFC 8259) and validates all that it passes:
// the grammar, UTF-8, and the depth. It builds nothing; callers cut what they
// want out of src between two positions. Its methods are called at the first
// byte of what they read, and return false after a fault, which is then told
// by problem.
//
// Escapes of unpaired surrogates pass, as in every JSON parser, because they
// are valid JSON; unquote refuses them where text is needed.
type scanner struct {
	src    []byte
	pos    int
	reason string
}

// problem is the place and the reason of the fault.
func (s *scanner) problem() string {
	return fmt.Sprintf("byte %d: %s", s.pos, s.reason)
}

func (s *scanner) fail(reason string) bool {
	s.reason = reason
	return false
}

// expected is the fault of a byte that does not fit.
func (s *scanner) expected(what string) bool {
	if s.pos >= len(s.src) {
		return s.fail("the text ends where " + what + " was expected")
	}
	r, n := utf8.DecodeRune(s.src[s.pos:])
	if r == utf8.RuneError && n <= 1 {
		return s.fail("expected " + what + ", found bytes that are not valid UTF-8")
	}
	return s.fail(fmt.Sprintf("expected %s, found %q", what, r))
}

// peek is the next byte, 0 at the end. A NUL in the text fits nowhere either.
func (s *scanner) peek() byte {
	if s.pos < len(s.src) {
		return s.src[s.pos]
	}
	return 0
}

// space passes white space; most JSON on the wire has none.
func (s *scanner) space() {
	if s.pos < len(s.src) && s.src[s.pos] <= ' ' {
		s.spaces()
	}
}

func (s *scanner) spaces() {
	for s.pos < len(s.src) {
		switch s.src[s.pos] {
		case ' ', '\n', '\r', '\t':
			s.pos++
		default:
			return
		}
	}
}

// end is true where nothing but space is left.
func (s *scanner) end() bool {
	s.space()
	if s.pos < len(s.src) {
		return s.expected("the end of the text")
	}
	return true
}

// value passes one value of any kind, nested at most depth deep.
func (s *scanner) value(depth int) bool {
	switch c := s.peek(); c {
	case '"':
		_, _, ok := s.str()
		return ok
	case '{':
		return s.object(depth)
	case '[':
		return s.array(depth)
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return s.number()
		}
		return s.expected("a value")
	}
}

func (s *scanner) object(depth int) bool {
	if depth == 0 {
		return s.tooDeep()
	}
	s.pos++
	s.space()
	if s.peek() == '}' {
		s.pos++
		return true
	}
	for {
		if _, _, ok := s.name(); !ok {
			return false
		}
		if !s.value(depth - 1) {
			return false
		}
		if more, ok := s.next('}', "a comma or }"); !more {
			return ok
		}
	}
}

// name passes a member's name, the colon and the space around it.
func (s *scanner) name() (text []byte, plain, ok bool) {
	if s.peek() != '"' {
		return nil, false, s.expected("a member name in double quotes")
	}
	if text, plain, ok = s.str(); !ok {
		return nil, false, false
	}
	if s.peek() != ':' {
		if s.space(); s.peek() != ':' {
			return nil, false, s.expected("a colon")
		}
	}
	s.pos++
	s.space()
	return text, plain, true
}

// next passes what follows an element: a comma, and there is more, or the end.
func (s *scanner) next(end byte, what string) (more, ok bool) {
	s.space()
	switch s.peek() {
	case ',':
		s.pos++
		s.space()
		return true, true
	case end:
		s.pos++
		return false, true
	}
	return false, s.expected(what)
}

func (s *scanner) array(depth int) bool {
	if depth == 0 {
		return s.tooDeep()
	}
	s.pos++
	s.space()
	if s.peek() == ']' {
		s.pos++
		return true
	}
	for {
		if !s.value(depth - 1) {
			return false
		}
		if more, ok := s.next(']', "a comma or ]"); !more {
			return ok
		}
	}
}

func (s *scanner) tooDeep() bool {
	return s.fail(fmt.Sprintf("arrays and objects nest deeper than %d", maxDepth))
}

func (s *scanner) literal(word string) bool {
	for i := range len(word) {
		if s.peek() != word[i] {
			return s.expected(word)
		}
		s.pos++
	}
	return true
}

func (s *scanner) number() bool {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return false
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return false
		}
	}
	if s.peek()|0x20 == 'e' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		return s.digits()
	}
	return true
}

func (s *scanner) digits() bool {
	src, i := s.src, s.pos
	for i < len(src) && src[i]-'0' <= 9 {
		i++
	}
	if i == s.pos {
		return s.expected("a digit")
	}
	s.pos = i
	return true
}

// str passes a string and gives what is between its quotes, as written; plain
// means that it holds no escapes and so is the text itself.
func (s *scanner) str() (text []byte, plain, ok bool) {
	src, start := s.src, s.pos+1
	plain = true
	for i := start; ; i = s.pos {
		i = plainText(src, i)
		if i < len(src) && src[i] == '"' {
			s.pos = i + 1
			return src[start:i:i], plain, true
		}
		s.pos = i
		if s.peek() == '\\' {
			plain = false
		}
		if !s.special() {
			return nil, false, false
		}
	}
}

// special passes what is not plain text within a string.
func (s *scanner) special() bool {
	switch c := s.peek(); {
	case c == '\\':
		return s.escape()
	case c >= 0x80:
		return s.multibyte()
	case s.pos >= len(s.src):
		return s.fail("the text ends within a string")
	default:
		return s.fail(fmt.Sprintf("a string has the control character U+%04X; escape it", c))
	}
}

// plainText passes bytes of a string that need no look: printable ASCII other
// than quote and backslash, eight at a time.
func plainText(src []byte, i int) int {
	const (
		ones = 0x0101010101010101
		high = 0x8080808080808080
	)
	for ; i+8 <= len(src); i += 8 {
		w := binary.LittleEndian.Uint64(src[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// A byte's high bit is set where it is below 0x20, a quote, a
		// backslash or not ASCII. A borrow can only blur the bytes above
		// the first hit, and the first is the one that counts.
		hit := ((w-ones*0x20)&^w | (quote-ones)&^quote | (slash-ones)&^slash | w) & high
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
	}
	for i < len(src) && src[i] >= 0x20 && src[i] != '"' && src[i] != '\\' && src[i] < 0x80 {
		i++
	}
	return i
}

func (s *scanner) multibyte() bool {
	r, n := utf8.DecodeRune(s.src[s.pos:])
	if r == utf8.RuneError && n <= 1 {
		return s.fail("the text is not valid UTF-8")
	}
	s.pos += n
	return true
}

func (s *scanner) escape() bool {
	s.pos++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos++
		return true
	case 'u':
		s.pos++
		for range 4 {
			if unhex[s.peek()] < 0 {
				return s.expected("a hexadecimal digit")
			}
			s.pos++
		}
		return true
	}
	return s.expected("an escaped character")
}

// jsonFault says why text is not exactly one JSON value; empty where it is.
func jsonFault(text []byte) string {
	s := scanner{src: text}
	if s.bom(); s.reason != "" {
		return s.problem()
	}
	s.space()
	if s.value(maxDepth) && s.end() {
		return ""
	}
	return s.problem()
}

// bom refuses the byte order mark, which RFC 8259 section 8.1 forbids to
// senders and which would otherwise be delivered to every target.
func (s *scanner) bom() bool {
	if len(s.src) >= 3 && string(s.src[:3]) == "\xEF\xBB\xBF" {
		return s.fail("the text starts with a byte order mark; send UTF-8 without one")
	}
	return true
}
