package main

import (
	"encoding/json"
	"io"
	"regexp"
	"strings"
)

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
