package targets

import (
	"encoding/base64"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// leastSecret is the length below which a value is not looked for in answers: a
// shorter one stands in every text, and taking it out would only show where.
const leastSecret = 4

// scrubber takes known secrets out of what a receiver said, for receivers echo
// what they were sent.
type scrubber struct {
	needles  []string
	replacer *strings.Replacer
}

// newScrubber looks for the values as they are and in the spellings in which
// receivers send them back: in a URL, in JSON, in HTML, in base64.
func newScrubber(values []string) *scrubber {
	s := &scrubber{}
	for _, v := range values {
		if len(v) < leastSecret {
			continue
		}
		s.needles = append(s.needles, v, url.QueryEscape(v), url.PathEscape(v), html.EscapeString(v),
			strings.Trim(strconv.Quote(v), `"`), base64.StdEncoding.EncodeToString([]byte(v)))
	}
	// The longest first, so that a secret within another leaves no rest of it.
	slices.SortFunc(s.needles, func(a, b string) int { return len(b) - len(a) })
	s.needles = slices.Compact(s.needles)
	pairs := make([]string, 0, 2*len(s.needles))
	for _, n := range s.needles {
		pairs = append(pairs, n, "[secret]")
	}
	s.replacer = strings.NewReplacer(pairs...)
	return s
}

// excerpt is what may be kept of an answer's body: without secrets, without
// control characters (a terminal obeys them), valid UTF-8, at most ExcerptSize
// bytes. body is more than that, so that no secret is cut by the limit; cut
// says that body itself may end within one.
func (s *scrubber) excerpt(body []byte, cut bool) string {
	text := s.replacer.Replace(string(body))
	if cut {
		text = s.withoutPartial(text)
	}
	text = strings.Map(printable, text) // which also replaces invalid UTF-8
	return strings.TrimSpace(clip(text, ExcerptSize))
}

// withoutPartial drops an end of text that is the beginning of a secret.
func (s *scrubber) withoutPartial(text string) string {
	end := len(text)
	for _, n := range s.needles {
		for k := min(len(n), len(text)); k >= leastSecret; k-- {
			if strings.HasSuffix(text, n[:k]) {
				end = min(end, len(text)-k)
				break
			}
		}
	}
	return text[:end]
}

func printable(r rune) rune {
	if r != '\n' && r != '\t' && unicode.IsControl(r) {
		return ' '
	}
	return r
}

// clip cuts text to at most size bytes, between two characters.
func clip(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}
