package rules

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// places tells where in the file each character of a scalar's value stands.
type places struct {
	of   []place // one for each character of the value, and one for its end
	node place   // where the scalar begins, for when the rest is not known
}

// at is the place of the character with that number.
func (p places) at(offset int) place {
	if len(p.of) == 0 || offset < 0 {
		return p.node
	}
	return p.of[min(offset, len(p.of)-1)]
}

// scalarPlaces finds the characters of a scalar's value in the file.
//
// YAML writes a value in five ways, each with its own indentation, folding and
// escapes. But none of them reorders characters, and none leaves out or adds
// any but white space, quotes and escapes. So the value is laid beside the
// text of the file and both are walked along together: what is not white space
// is found one after the other, white space lies between. Should they not
// agree, the scalar's own place serves for all of it.
func scalarPlaces(f *file, n *yaml.Node) places {
	w := walker{file: f, at: placeOf(n), style: n.Style}
	found := places{node: placeOf(n)}
	w.open()
	for _, r := range n.Value {
		at, ok := w.next(r)
		if !ok {
			return found
		}
		found.of = append(found.of, at)
	}
	if len(found.of) == 0 {
		return found
	}
	found.of = append(found.of, w.at)
	return found
}

// walker is a position in the text of a scalar.
type walker struct {
	file  *file
	at    place
	style yaml.Style
}

// open steps over the quote, or over the line with the | or >.
func (w *walker) open() {
	switch {
	case w.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		w.at.column++
	case w.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		w.at = place{w.at.line + 1, 1}
	}
}

// rest is what follows in the line.
func (w *walker) rest() string {
	line := w.file.line(w.at.line)
	for i := 1; i < w.at.column && line != ""; i++ {
		_, size := utf8.DecodeRuneInString(line)
		line = line[size:]
	}
	return line
}

// next is the place of the next character of the value.
func (w *walker) next(r rune) (place, bool) {
	if unicode.IsSpace(r) {
		return w.space(r), true
	}
	for w.at.line <= len(w.file.lines) {
		text := w.rest()
		if text == "" || w.doubleQuoted() && text == `\` { // end of line
			w.at = place{w.at.line + 1, 1}
			continue
		}
		have, size := w.decode(text)
		if unicode.IsSpace(have) {
			w.at.column += size
			continue
		}
		at := w.at
		w.at.column += size
		return at, have == r
	}
	return place{}, false
}

// space is the place of a white-space character: the next one in the file
// where it is the same, else (a line break that was folded) the current place.
func (w *walker) space(r rune) place {
	at := w.at
	if text := w.rest(); text != "" {
		if have, size := w.decode(text); have == r {
			w.at.column += size
		}
	} else if r == '\n' && w.style&yaml.LiteralStyle != 0 {
		w.at = place{w.at.line + 1, 1}
	}
	return at
}

func (w *walker) doubleQuoted() bool { return w.style&yaml.DoubleQuotedStyle != 0 }

// decode is the character that stands at the beginning of text, and how many
// characters it is written with.
func (w *walker) decode(text string) (r rune, size int) {
	switch {
	case w.style&yaml.SingleQuotedStyle != 0 && strings.HasPrefix(text, "''"):
		return '\'', 2
	case w.doubleQuoted() && len(text) > 1 && text[0] == '\\':
		return escape(text)
	}
	r, _ = utf8.DecodeRuneInString(text)
	return r, 1
}

// escape decodes an escape of a double-quoted scalar (YAML 1.2, 5.7).
func escape(text string) (r rune, size int) {
	if digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[text[1]]; digits > 0 && len(text) >= 2+digits {
		if code, err := strconv.ParseUint(text[2:2+digits], 16, 32); err == nil {
			return rune(code), 2 + digits
		}
	}
	const from, to = `0abtnvfre_NLP`, "\x00\a\b\t\n\v\f\r\x1b\u00a0\u0085\u2028\u2029"
	if i := strings.IndexByte(from, text[1]); i >= 0 {
		return []rune(to)[i], 2
	}
	r, _ = utf8.DecodeRuneInString(text[1:])
	return r, 2
}
