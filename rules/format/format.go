package format

import (
	"bytes"
	"errors"
	"regexp"
	"strings"

	"github.com/wye-events/wye/rules"
)

const codeTooLarge = "WYE003" // of a problem: a rule file is larger than 1 MiB

var (
	// errUnsafe says that the formatted text would have said something else.
	errUnsafe   = errors.New("it cannot be formatted without changing what it says, and stays as it is")
	errTooLarge = errors.New("formatted, it would have more than the 1 MiB that a rule file may have, so it stays as it is; split it")
)

var versionLine = regexp.MustCompile(`(?m)^(\{\s*)?["']?version["']?\s*:\s*1\b`)

// IsOurs tells whether a text seems to be a rule file or a file of tests, and not
// YAML of another program: whether it says `version: 1`. It may be broken.
func IsOurs(text []byte) bool { return versionLine.Match(bytes.TrimPrefix(text, []byte("\uFEFF"))) }

// File formats the text of a rule file, or of a file of tests. Problems are why it
// cannot be read; then there is no text. An error is that it can be read and not be
// formatted.
func File(f rules.Source) ([]byte, rules.Problems, error) {
	before, problems, err := read(f)
	if err != nil || len(problems) > 0 {
		return nil, problems, err
	}
	out := before.formatted()
	if bytes.Equal(out, f.Text) {
		return out, nil, nil
	}
	after, problems, err := read(rules.Source{Name: f.Name, Text: out})
	if len(problems) > 0 && problems[0].Code == codeTooLarge {
		return nil, nil, errTooLarge
	}
	if err != nil || len(problems) > 0 || !same(before, after) {
		return nil, nil, errUnsafe
	}
	return out, nil, nil
}

// formatted is the text of a document in its form. The document is spent then.
func (d *document) formatted() []byte {
	text := d.text
	if d.root.kind != scalar { // that would be no rule file, and have no form
		d.sort()
		p := &printer{source: d.text}
		p.unfold(d.root, 0, 0)
		p.document(d)
		text = align(p.lines)
	}
	if d.crlf {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return []byte(text)
}
