package cloudevent

import (
	"unicode/utf8"
)

// unquote resolves the escapes in a string that str has passed; ok is false
// where half of a surrogate pair stands alone, which is no text.
func unquote(text []byte) (out []byte, ok bool) {
	out = make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			out = append(out, text[i])
			i++
			continue
		}
		if text[i+1] != 'u' {
			out = append(out, simpleEscape(text[i+1]))
			i += 2
			continue
		}
		r, n := unicodeEscape(text[i:])
		if n == 0 {
			return nil, false
		}
		out = utf8.AppendRune(out, r)
		i += n
	}
	return out, true
}

func simpleEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// unicodeEscape reads \uXXXX or a pair of them; n is 0 for half a pair.
func unicodeEscape(text []byte) (r rune, n int) {
	r = hex4(text[2:])
	if r < 0xD800 || r > 0xDFFF {
		return r, 6
	}
	if r > 0xDBFF || len(text) < 12 || text[6] != '\\' || text[7] != 'u' {
		return 0, 0
	}
	low := hex4(text[8:])
	if low < 0xDC00 || low > 0xDFFF {
		return 0, 0
	}
	return 0x10000 + (r-0xD800)<<10 + (low - 0xDC00), 12
}

func hex4(b []byte) rune {
	return rune(unhex[b[0]])<<12 | rune(unhex[b[1]])<<8 | rune(unhex[b[2]])<<4 | rune(unhex[b[3]])
}
