package cloudevent

import (
	"strings"
	"unicode/utf8"
)

// decodeValue turns the value of a ce-* header into the attribute's (HTTP
// binding section 3.1.3.2): a double-quoted value is unescaped first, then one
// round of percent-decoding. UTF-8 that was not encoded, as older senders
// write it, is taken as it is. Whether the result is a valid attribute value,
// also as UTF-8, is for the caller to see.
//
// A percent sign that starts no encoding is refused: the sender meant either
// "%25" or something else, and guessing would change the event.
func decodeValue(v string) (value, fault string) {
	v = trimOWS(v)
	if len(v) > 0 && v[0] == '"' {
		inner, rest, ok := cutQuoted(v)
		switch {
		case !ok:
			return "", `starts with a double quote and has no closing one; write a literal quote as %22`
		case rest != "":
			return "", `has text after the closing double quote; write a literal quote as %22`
		}
		v = inner
	}
	if strings.IndexByte(v, '%') < 0 {
		return v, ""
	}
	return percentDecode(v)
}

func percentDecode(v string) (value, fault string) {
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] != '%' {
			out = append(out, v[i])
			continue
		}
		if i+2 >= len(v) || unhex[v[i+1]] < 0 || unhex[v[i+2]] < 0 {
			return "", "has a percent sign without two hexadecimal digits after it; write a literal percent sign as %25"
		}
		out = append(out, byte(unhex[v[i+1]]<<4|unhex[v[i+2]]))
		i += 2
	}
	return string(out), ""
}

// cutQuoted reads a quoted-string (RFC 9110 section 5.6.4) at the start of s.
func cutQuoted(s string) (value, rest string, ok bool) {
	var out []byte
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			if out == nil {
				return s[1:i], s[i+1:], true
			}
			return string(out), s[i+1:], true
		case '\\':
			if out == nil {
				out = append(make([]byte, 0, len(s)), s[1:i]...)
			}
			if i++; i == len(s) {
				return "", "", false
			}
		}
		if out != nil {
			out = append(out, s[i])
		}
	}
	return "", "", false
}

// encodeValue is the way back: space, double quote, percent sign and all that
// is outside of U+0021 to U+007E are percent-encoded.
func encodeValue(v string) string {
	n := 0
	for i := range len(v) {
		if mustEncode[v[i]] {
			n++
		}
	}
	if n == 0 {
		return v
	}
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, len(v)+2*n)
	for i := range len(v) {
		if c := v[i]; mustEncode[c] {
			out = append(out, '%', hex[c>>4], hex[c&15])
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

var mustEncode = func() (set [256]bool) {
	for c := range set {
		set[c] = c <= ' ' || c >= 0x7f || c == '"' || c == '%'
	}
	return set
}()

// unhex is the value of a hexadecimal digit, -1 for any other byte.
var unhex = func() (t [256]int8) {
	for c := range t {
		t[c] = int8(strings.IndexByte("0123456789abcdef", byte(c|0x20)))
		if c < '0' || c > '9' && c < 'A' {
			t[c] = -1
		}
	}
	return t
}()

// trimOWS takes off the whitespace that is not part of a header's value.
func trimOWS(v string) string {
	if v == "" || v[0] > ' ' && v[len(v)-1] > ' ' {
		return v
	}
	return strings.Trim(v, " \t")
}

// textFault says why v is no String of the CloudEvents type system: the rest
// of a sentence, empty where there is nothing.
func textFault(v string) string {
	rest := v
	for ; len(rest) >= 8; rest = rest[8:] {
		if word(rest) != 0 {
			return unicodeFault(v)
		}
	}
	for i := range len(rest) {
		if rest[i] < ' ' || rest[i] >= 0x7f {
			return unicodeFault(v)
		}
	}
	return ""
}

// word is 0 if the first eight bytes of v are printable ASCII.
func word(v string) uint64 {
	const ones = 0x0101010101010101
	w := uint64(v[0]) | uint64(v[1])<<8 | uint64(v[2])<<16 | uint64(v[3])<<24 |
		uint64(v[4])<<32 | uint64(v[5])<<40 | uint64(v[6])<<48 | uint64(v[7])<<56
	return (w | (w - ones*' ') | (w + ones)) & (ones * 0x80)
}

func unicodeFault(v string) string {
	for i, r := range v {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(v[i:], "\uFFFD"):
			return "is not valid UTF-8; send UTF-8, percent-encoded in a header"
		case r < ' ' || r >= 0x7f && r <= 0x9f:
			return "has a control character, which the specification forbids in attributes; remove it"
		case r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE:
			return "has a Unicode noncharacter, which the specification forbids in attributes; remove it"
		}
	}
	return ""
}
