// Package jsontext is the words of JSON text (RFC 8259): where a text or number
// in it ends, and what it means. It accepts what encoding/json accepts. It owns
// no values and knows nothing of what is read for.
//
// Functions take the place of a first byte and return the place after the last,
// or -1 where there is no such thing.
package jsontext

import (
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"unicode/utf8"
)

// MaxDepth is how deep lists and objects may stand in each other: encoding/json's
// own limit.
const MaxDepth = 10_000

// Space passes white space.
func Space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// Word passes a word such as true.
func Word(b []byte, i int, word string) int {
	if end := i + len(word); end <= len(b) && string(b[i:end]) == word {
		return end
	}
	return -1
}

// TextEnd returns the place of the quote that ends the text whose first byte
// is at i, and whether the bytes before it are the text: no escapes, valid
// UTF-8. It reads eight bytes at a time for as long as all of them are plain.
func TextEnd(b []byte, i int) (end int, plain bool) {
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

// textRest is TextEnd byte by byte.
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

// Unescaped is the text that a JSON text with its quotes means. The rare ones
// with escapes, and those with broken UTF-8, are left to encoding/json, so that
// they mean what they mean everywhere else in Go.
func Unescaped(quoted []byte) string {
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return ""
	}
	return s
}

// NumberEnd passes the number at i.
func NumberEnd(b []byte, i int) int {
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
