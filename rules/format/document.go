package format

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/wye-events/wye/rules"
)

// document is a file in parts.
type document struct {
	head  []comment // before everything, and about the file
	lines []string  // directives, and the line ---
	root  *item

	text   string // with \n at the ends of lines
	crlf   bool   // they were \r\n
	tree   *yaml.Node
	tokens []token
}

// read checks a file, cuts it into tokens, and reads these into entries.
func read(f rules.Source) (*document, rules.Problems, error) {
	tree, problems := rules.Tree(f)
	if len(problems) > 0 {
		return nil, problems, nil
	}
	d := &document{tree: tree}
	d.text, d.crlf = unixLines(f.Text)
	var err error
	if d.tokens, err = scan(d.text, tree); err == nil {
		err = d.parse()
	}
	if err != nil {
		return nil, nil, err
	}
	return d, nil, nil
}

// unixLines is the text without a byte order mark and with \n at the ends of its
// lines, and whether the first of them ended with \r\n.
func unixLines(text []byte) (unix string, crlf bool) {
	lines := strings.Split(strings.TrimPrefix(string(text), "\uFEFF"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(line, "\r")
		crlf = crlf || i == 0 && lines[i] != line
	}
	return strings.Join(lines, "\n"), crlf
}

func (d *document) parse() error {
	p := &reader{text: d.text, tokens: d.tokens}
	d.start(p)
	outer := &entry{}
	d.root = p.value(d.tree, outer, context{layout: rules.FileLayout()})
	if outer.line != nil {
		d.head = append(d.head, comment{text: outer.line.text})
	}
	d.head = append(d.head, outer.head...)
	for p.at < len(p.tokens) {
		switch p.peek().kind {
		case commentToken:
			d.root.tail = append(d.root.tail, p.comment())
		case endToken:
			p.step()
		default:
			p.fail()
			return p.err
		}
	}
	return p.err
}

// start reads what stands before the line ---, and that.
func (d *document) start(p *reader) {
	isStart := func(t token) bool { return t.kind == startToken }
	for until := slices.IndexFunc(p.tokens, isStart); p.at <= until; {
		switch t := p.peek(); t.kind {
		case commentToken:
			d.head = append(d.head, p.comment())
		case directiveToken, startToken:
			p.step()
			d.lines = append(d.lines, p.text[t.start:t.end])
			if c := p.behind(); c != nil {
				d.head = append(d.head, comment{text: c.text})
			}
		default:
			p.fail()
			return
		}
	}
}

// comments are the texts of all the comments, those in conditions too.
func (d *document) comments() []string {
	var all []string
	for _, t := range d.tokens {
		if t.kind == commentToken {
			all = append(all, d.text[t.start:t.end])
		}
	}
	slices.Sort(all)
	return all
}
