package main

import (
	"encoding/json"
	"fmt"
	"io"
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
	mustComplete(c, "output", fixed(formats...))
	checkFirst(c, func() error { return known("-o", *to, formats) })
}

// addFormat gives a command whose output other programs read the flag --format,
// likewise.
func addFormat(c *cobra.Command, to *string, formats ...string) {
	c.Flags().StringVar(to, "format", formats[0], oneOf(formats))
	mustComplete(c, "format", fixed(formats...))
	checkFirst(c, func() error { return known("--format", *to, formats) })
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
	if last == 0 {
		return words[0]
	}
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
