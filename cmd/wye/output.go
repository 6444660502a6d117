package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

// addOutput gives a command the flag -o with the formats that it knows, the
// first of them the default.
func addOutput(c *cobra.Command, to *string, formats ...string) {
	c.Flags().StringVarP(to, "output", "o", formats[0], oneOf(formats))
	checkFirst(c, func() error { return known("-o", *to, formats) })
}

// checkFirst adds a look at the flags, before anything is done.
func checkFirst(c *cobra.Command, check func() error) {
	c.PreRunE = func(*cobra.Command, []string) error { return check() }
}

// known refuses a value of a flag that is not one of those allowed.
func known(flag, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s %s: expected %s", flag, value, oneOf(allowed))
}

// oneOf is a list for people: "a, b or c".
func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// count is a number of things: "no rules", "1 rule", "1,200 rules".
func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// grouped is a number with its thousands set apart.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// writeData writes v as "json" or "yaml". Both have the same members in the
// same order.
func writeData(w io.Writer, format string, v any) error {
	text, err := marshal(v)
	if err != nil {
		return err
	}
	if format == "yaml" {
		return writeYAML(w, text)
	}
	_, err = w.Write(text)
	return err
}

func marshal(v any) ([]byte, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return []byte(b.String()), err
}

// writeYAML writes a JSON document as YAML in block style. It goes from token
// to token, so that members keep their order and numbers their spelling.
func writeYAML(w io.Writer, text []byte) error {
	y := yamlWriter{dec: json.NewDecoder(strings.NewReader(string(text)))}
	y.dec.UseNumber()
	if err := y.value(0, false); err != nil {
		return err
	}
	_, err := io.WriteString(w, y.out.String())
	return err
}

type yamlWriter struct {
	dec *json.Decoder
	out strings.Builder
}

// value writes the next value. After a key or a dash it begins on that line;
// a collection under a key begins on the next.
func (y *yamlWriter) value(depth int, afterKey bool) error {
	tok, err := y.dec.Token()
	if err != nil {
		return err
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		if afterKey {
			y.out.WriteByte(' ')
		}
		y.out.WriteString(yamlScalar(tok) + "\n")
		return nil
	}
	if !y.dec.More() {
		if afterKey {
			y.out.WriteByte(' ')
		}
		y.out.WriteString(map[json.Delim]string{'{': "{}\n", '[': "[]\n"}[delim])
		_, err := y.dec.Token()
		return err
	}
	if afterKey {
		y.out.WriteByte('\n')
	}
	return y.entries(delim, depth, afterKey)
}

// entries writes what is in a collection. The first entry is indented only
// where it begins a line.
func (y *yamlWriter) entries(delim json.Delim, depth int, newLine bool) error {
	for first := true; y.dec.More(); first = false {
		if newLine || !first {
			y.out.WriteString(strings.Repeat("  ", depth))
		}
		if err := y.entry(delim, depth); err != nil {
			return err
		}
	}
	_, err := y.dec.Token()
	return err
}

func (y *yamlWriter) entry(delim json.Delim, depth int) error {
	if delim == '[' {
		y.out.WriteString("- ")
		return y.value(depth+1, false)
	}
	key, err := y.dec.Token()
	if err != nil {
		return err
	}
	y.out.WriteString(yamlScalar(key) + ":")
	return y.value(depth+1, true)
}

// yamlPlain are texts that mean themselves without quotes, if they are none of
// yamlWords; all others are written as in JSON, which YAML reads as it is.
var (
	yamlPlain = regexp.MustCompile(`^[A-Za-z_/][A-Za-z0-9_./-]*$`)
	yamlWords = regexp.MustCompile(`(?i)^(true|false|null|yes|no|on|off|y|n)$`)
)

func yamlScalar(tok json.Token) string {
	s, ok := tok.(string)
	if ok && yamlPlain.MatchString(s) && !yamlWords.MatchString(s) {
		return s
	}
	if tok == nil {
		return "null"
	}
	text, _ := marshal(tok)
	return strings.TrimSuffix(string(text), "\n")
}

// plain makes text of others safe and short enough for a line on a terminal:
// characters that move the cursor are left out, and it has at most limit
// characters.
func plain(s string, limit int) string {
	var out []rune
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case !unicode.IsPrint(r):
			continue
		}
		if len(out) == limit {
			out[limit-1] = '…'
			break
		}
		out = append(out, r)
	}
	return strings.TrimSpace(string(out))
}

// escaped is JSON in which characters that move a terminal's cursor are escapes.
func escaped(json string) string {
	var b strings.Builder
	for _, r := range json {
		if r == '\n' || r > 0xFFFF || unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

// moment is a time as tables show it.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
