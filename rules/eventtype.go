package rules

import (
	"errors"
	"fmt"
	"strings"
)

// onPattern is the shape of an entry of `on`, for the JSON Schema: parts
// separated by dots, single stars inside of them, and ** only as the last.
const onPattern = `^(` + onToken + `\.)*(` + onToken + `|\*\*)$`

const onToken = `(\*|\*?[^\s.*]+(\*[^\s.*]+)*\*?)`

const maxTypeLength = 256

// checkType says what is wrong with an entry of `on`.
func checkType(pattern string) error {
	switch {
	case pattern == "":
		return errors.New("an event type is empty")
	case len(pattern) > maxTypeLength:
		return fmt.Errorf("an event type is longer than %d bytes", maxTypeLength)
	case strings.ContainsFunc(pattern, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return fmt.Errorf("event type %s has a space in it", quote(pattern))
	}
	tokens := strings.Split(pattern, ".")
	for i, token := range tokens {
		if err := checkToken(pattern, token, i == len(tokens)-1); err != nil {
			return err
		}
	}
	return nil
}

func checkToken(pattern, token string, last bool) error {
	switch {
	case token == "":
		return fmt.Errorf("event type %s has an empty part (a dot too many)", quote(pattern))
	case token == "**" && last:
		return nil
	case token == "**":
		return fmt.Errorf("event type %s has ** before its end; ** stands for the rest of a type and can only be last", quote(pattern))
	case strings.Contains(token, "**"):
		return fmt.Errorf("event type %s has ** inside a part; use one * there, or ** as a part of its own at the end", quote(pattern))
	}
	return nil
}

// typePattern is a compiled entry of `on` with a star in it.
type typePattern struct {
	tokens []string
	rest   bool // ends in **: one or more tokens may follow
}

func isPattern(on string) bool { return strings.Contains(on, "*") }

func compileType(on string) typePattern {
	tokens := strings.Split(on, ".")
	last := len(tokens) - 1
	if tokens[last] == "**" {
		return typePattern{tokens[:last], true}
	}
	return typePattern{tokens, false}
}

// fits reports whether an event type is one that the pattern means.
func (p typePattern) fits(eventType string) bool {
	left := eventType
	for i, want := range p.tokens {
		if i > 0 && left == "" {
			return false
		}
		token, after, more := strings.Cut(left, ".")
		if !fitsToken(want, token) {
			return false
		}
		if !more {
			return i == len(p.tokens)-1 && !p.rest
		}
		left = after
	}
	return p.rest && left != ""
}

// fitsToken matches a token with stars, each for any run of characters, by
// going back to the latest star at every mismatch.
func fitsToken(want, token string) bool {
	star, mark := -1, 0
	w, t := 0, 0
	for t < len(token) {
		switch {
		case w < len(want) && want[w] == '*':
			star, mark = w, t
			w++
		case w < len(want) && want[w] == token[t]:
			w++
			t++
		case star >= 0:
			mark++
			w, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(want[w:], "*") == "" && (token != "" || want == "")
}
