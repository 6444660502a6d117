package rules

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// plainReader reads the rules of a file that are written as nearly all are: a
// name in a line, under it keys with values of one line. That is ten times as
// fast as by way of a YAML tree, which counts where there are 100,000 of them.
//
// It is no second YAML parser. It knows a few forms for certain, and what it
// does not know, or where anything is wrong, stays in the text for the real one
// (see loadedFile.parsePlainly), so there is nothing that it could report.
type plainReader struct {
	file string
	text string

	rules  []Rule
	taken  []run
	lists  map[string][]string // values of on and to that were seen before
	others bool                // there is more in the file than plain rules

	seen    map[string]bool // keys of the file
	indent  int             // of the names of rules; 0 before the first
	inRules bool
	entry   plainEntry
}

// run is a part of the text that was understood: whole lines.
type run struct {
	from, to    int // in bytes
	line, lines int
}

// plainEntry is the rule that is being read.
type plainEntry struct {
	run
	rule   Rule
	open   bool // there is one
	odd    bool // it is not understood
	indent int  // of its keys; 0 before the first
	keys   string
}

// read goes through the text. It reports false where the file as a whole is not
// one that it knows.
func (p *plainReader) read() bool {
	if len(p.text) > maxFileSize || !plainText(p.text) {
		return false
	}
	for at, line := 0, 1; at < len(p.text); line++ {
		end, next := len(p.text), len(p.text)
		if i := strings.IndexByte(p.text[at:], '\n'); i >= 0 {
			end, next = at+i, at+i+1
		}
		if !p.line(p.text[at:end], at, line) {
			return false
		}
		p.entry.to, p.entry.lines = next, line-p.entry.line+1
		at = next
	}
	p.close()
	return p.seen["version: 1"] && len(p.rules) > 0
}

// plainText tells whether there are only characters that are the same to every
// YAML parser.
func plainText(text string) bool {
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\n' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError || r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r&0xfffe == 0xfffe {
			return false
		}
		i += size
	}
	return true
}

func (p *plainReader) line(line string, at, number int) bool {
	content := strings.TrimLeft(line, " ")
	indent := len(line) - len(content)
	switch {
	case content == "" || content[0] == '#':
		return true
	case indent == 0:
		p.close()
		return p.top(line)
	case !p.inRules:
		return p.others
	case p.indent == 0:
		p.indent = indent
	case indent < p.indent:
		return false
	}
	if indent > p.indent {
		p.field(content, indent, number)
		return true
	}
	p.close()
	p.open(content, at, number)
	return true
}

// top is a line without indentation.
func (p *plainReader) top(line string) bool {
	p.inRules = line == "rules:"
	if line != "version: 1" && line != "rules:" {
		p.others = true
		return true
	}
	if p.seen[line] {
		return false
	}
	p.seen[line] = true
	return true
}

// open begins a rule.
func (p *plainReader) open(content string, at, number int) {
	name, rest, _ := strings.Cut(content, ":")
	p.entry = plainEntry{run: run{from: at, line: number}, open: true, odd: rest != "" || len(name) == len(content) || !plainName(name)}
	p.entry.rule = Rule{Name: name, Enabled: true, OnError: OnErrorSkip, Mode: ModeLive, Sample: 1}
	p.entry.rule.Place = Place{File: p.file, Line: number, Column: p.indent + 1, text: p.text}
}

func plainName(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if (c < 'a' || c > 'z') && !digit(c) && (i == 0 || c != '-' && c != '_') {
			return false
		}
	}
	return name != "" && len(name) <= 63
}

// close ends a rule. It is taken out of the text if it was understood.
func (p *plainReader) close() {
	e := &p.entry
	if !e.open {
		return
	}
	e.open = false
	if e.odd || !strings.Contains(e.keys, " on ") || !strings.Contains(e.keys, " to ") {
		p.others = true
		return
	}
	p.rules = append(p.rules, e.rule)
	if last := len(p.taken) - 1; last >= 0 && p.taken[last].to == e.from {
		p.taken[last].to = e.to
		p.taken[last].lines += e.lines
		return
	}
	p.taken = append(p.taken, e.run)
}

// field is a line under the name of a rule.
func (p *plainReader) field(content string, indent, number int) {
	e := &p.entry
	key, rest, colon := strings.Cut(content, ":")
	value := strings.TrimLeft(rest, " ")
	if e.indent == 0 {
		e.indent = indent
	}
	if e.odd || !colon || len(value) == len(rest) || indent != e.indent || strings.Contains(e.keys, " "+key+" ") {
		e.odd = true
		return
	}
	e.keys += " " + key + " "
	e.odd = !p.value(key, value, number, indent+len(content)-len(value)+1)
}

// value reads the value of a key. It reports false where it is not one that is
// certain to be right.
func (p *plainReader) value(key, value string, line, column int) (ok bool) {
	r := &p.entry.rule
	switch key {
	case "on":
		r.On, ok = p.list(value)
		return ok && goodTypes(r.On)
	case "to":
		r.To, ok = p.list(value)
	case "when":
		var style yaml.Style
		r.When, style, ok = plainScalar(value)
		r.Place.Line, r.Place.Column, r.Place.style = line, column, style
		return ok && strings.TrimSpace(r.When) != ""
	case "description":
		r.Description, _, ok = plainScalar(value)
		return ok && r.Description != ""
	case "enabled":
		r.Enabled = value == "true"
		return r.Enabled || value == "false"
	case "on_error":
		r.OnError = OnError(value)
		return r.OnError == OnErrorSkip || r.OnError == OnErrorMatch || r.OnError == OnErrorDeadLetter
	case "mode":
		r.Mode = Mode(value)
		return r.Mode == ModeLive || r.Mode == ModeShadow
	case "sample":
		r.Sample, ok = share(value)
		return ok && digit(value[0])
	case "until":
		r.Until, ok = untilOf(value)
	}
	return ok
}

func goodTypes(types []string) bool {
	for _, t := range types {
		if checkType(t) != nil {
			return false
		}
	}
	return true
}

// list reads a text, or texts in [ ]. Equal ones share one list.
func (p *plainReader) list(value string) ([]string, bool) {
	if l, ok := p.lists[value]; ok {
		return l, true
	}
	var all []string
	inside, flow := strings.CutPrefix(value, "[")
	if flow {
		if inside, flow = strings.CutSuffix(inside, "]"); !flow {
			return nil, false
		}
		for item := range strings.SplitSeq(inside, ",") {
			item = strings.Trim(item, " ")
			if !plainItem(item) || contained(all, item) {
				return nil, false
			}
			all = append(all, item)
		}
	} else {
		s, _, ok := plainScalar(value)
		if !ok || s == "" {
			return nil, false
		}
		all = []string{s}
	}
	p.lists[value] = all
	return all, true
}

// plainItem tells whether a text without quotes is a text in [ ] too.
func plainItem(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !letter(c) && (i == 0 || !digit(c) && c != '.' && c != '-' && c != '*' && c != '/') {
			return false
		}
	}
	return s != "" && s[0] != '_' && !wordOfYAML(s)
}

// plainScalar reads a text in one line: in quotes without escapes, or without
// quotes where it begins with a letter.
func plainScalar(s string) (value string, style yaml.Style, ok bool) {
	if s == "" {
		return "", 0, false
	}
	last := len(s) - 1
	switch c := s[0]; {
	case c == '\'' && last > 0 && s[last] == '\'':
		return singleQuoted(s[1:last])
	case c == '"' && last > 0 && s[last] == '"':
		inner := s[1:last]
		return inner, yaml.DoubleQuotedStyle, !strings.ContainsAny(inner, `"\`)
	case !letter(c) || c == '_':
		return "", 0, false
	}
	ok = s[last] != ' ' && s[last] != ':' && !strings.Contains(s, ": ") && !strings.Contains(s, " #") && !wordOfYAML(s)
	return s, 0, ok
}

func singleQuoted(inner string) (string, yaml.Style, bool) {
	if strings.IndexByte(inner, '\'') < 0 {
		return inner, yaml.SingleQuotedStyle, true
	}
	without := strings.ReplaceAll(inner, "''", "")
	return strings.ReplaceAll(inner, "''", "'"), yaml.SingleQuotedStyle, strings.IndexByte(without, '\'') < 0
}

// wordOfYAML tells whether a text without quotes could be something else to YAML.
func wordOfYAML(s string) bool {
	return len(s) < 6 && (strings.EqualFold(s, "true") || strings.EqualFold(s, "false") || strings.EqualFold(s, "null"))
}
