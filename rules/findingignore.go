package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// ignore is one comment that says that findings are known and wanted:
//
//	# wye:ignore WYE061 the whole type goes there until March
//
// Above a rule or target, in the line of its name or inside of it, it is about
// that rule or target; before the first line of the file that says something, it
// is about the file.
type ignore struct {
	at       place
	from, to int // the lines that it is about
	codes    []string
	reason   string
	used     map[string]bool
	refused  map[string]bool // codes of errors, which cannot be ignored
}

const ignoreWord = "wye:ignore"

var ignoreExpr = regexp.MustCompile(`^#\s*` + ignoreWord + `(?:\s+(.*))?$`)

// withoutIgnored leaves out what is to be ignored, and tells of ignoring what is
// not there.
func (f *finder) withoutIgnored(all Problems) Problems {
	byFile := map[string][]*ignore{}
	for _, file := range f.set.files {
		if strings.Contains(file.text, ignoreWord) {
			byFile[file.name] = f.files[file.name].ignores()
		}
	}
	left := slices.DeleteFunc(all, func(p Problem) bool {
		for _, ig := range byFile[p.File] {
			if ig.takes(p) {
				return true
			}
		}
		return false
	})
	for _, name := range slices.Sorted(maps.Keys(byFile)) {
		for _, ig := range byFile[name] {
			left = append(left, ig.problems(f.files[name].read().lines)...)
		}
	}
	for i := range left {
		left[i].Message, left[i].Hint = withoutTokens(left[i].Message), withoutTokens(left[i].Hint)
	}
	return left
}

// takes tells whether a problem is to be ignored.
func (ig *ignore) takes(p Problem) bool {
	if p.Line < ig.from || p.Line >= ig.to || !contained(ig.codes, p.Code) || ig.reason == "" {
		return false
	}
	if p.Severity == Error {
		ig.refused[p.Code] = true
		return false
	}
	ig.used[p.Code] = true
	return true
}

// problems is what is wrong with the comment itself.
func (ig *ignore) problems(lines *file) (problems Problems) {
	add := func(code, message, hint string) {
		p := lines.problem(ig.at, code, message, hint)
		p.Severity = Warning
		problems = append(problems, p)
	}
	const form = "write # wye:ignore CODE and why, for example # wye:ignore WYE061 all of them, until March"
	if len(ig.codes) == 0 {
		add(codeIgnoreForm, "this does not say which finding is to be ignored", form)
		return problems
	}
	known := map[string]bool{}
	for _, m := range meanings {
		known[m.code] = true
	}
	for _, code := range ig.codes {
		switch {
		case !known[code]:
			add(codeIgnoreUnknown, fmt.Sprintf("there is no finding %s", quote(code)), hintNearest(code, slices.Collect(maps.Keys(known)), "codes are in docs/codes.md, such as"))
		case ig.reason == "":
			add(codeIgnoreForm, fmt.Sprintf("this does not say why %s is to be ignored", code), form)
		case ig.refused[code]:
			add(codeIgnoreError, fmt.Sprintf("%s is an error here, and an error cannot be ignored", code), "mend it, and remove this comment")
		case !ig.used[code]:
			add(codeIgnoreNothing, fmt.Sprintf("there is no %s to ignore here", code), "remove this comment; or put it above the rule or target that it is about")
		}
	}
	return problems
}

var blockScalar = regexp.MustCompile(`(?:^|[:\-]\s+)[|>][-+0-9]*\s*(?:\s#.*)?$`)

// ignores are those of a file.
func (f *foundFile) ignores() (all []*ignore) {
	f.read()
	starts, block, content := f.starts(), -1, 0
	for i, line := range f.lines.lines {
		number, text := i+1, strings.TrimSpace(line)
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if block >= 0 && (text == "" || indent > block) {
			continue
		}
		block = -1
		comment, column := commentOf(line)
		if text != "" && text[0] != '#' {
			if content == 0 {
				content = number
			}
			if blockScalar.MatchString(line) {
				block = indent
			}
		}
		if m := ignoreExpr.FindStringSubmatch(comment); m != nil {
			ig := newIgnore(m[1])
			ig.at = place{number, column}
			ig.from, ig.to = f.about(number, content, starts)
			all = append(all, ig)
		}
	}
	return all
}

func newIgnore(text string) *ignore {
	ig := &ignore{used: map[string]bool{}, refused: map[string]bool{}}
	codes, reason, _ := strings.Cut(strings.TrimSpace(text), " ")
	for code := range strings.SplitSeq(codes, ",") {
		if code != "" {
			ig.codes = append(ig.codes, code)
		}
	}
	ig.reason = strings.TrimSpace(reason)
	return ig
}

// starts are the lines in which rules and targets begin, ascending.
func (f *foundFile) starts() (lines []int) {
	for _, r := range f.rules {
		lines = append(lines, r.key.Line)
	}
	for _, t := range f.byName {
		lines = append(lines, t.key.Line)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// about are the lines that a comment is about: those of the rule or target that
// begins right below it or that it stands in, or all of the file.
func (f *foundFile) about(number, content int, starts []int) (from, to int) {
	end := len(f.lines.lines) + 1
	if content == 0 {
		return 0, end
	}
	line := number
	for line < end && strings.HasPrefix(strings.TrimSpace(f.lines.line(line)), "#") {
		line++
	}
	i, found := slices.BinarySearch(starts, line)
	if !found {
		if i, found = slices.BinarySearch(starts, number); !found {
			i--
		}
	}
	if i < 0 {
		return number, number
	}
	if i+1 < len(starts) {
		end = starts[i+1]
	}
	return starts[i], end
}

// commentOf is the comment of a line, and in which column it begins.
func commentOf(line string) (comment string, column int) {
	quote := rune(0)
	runes := []rune(line)
	for i, r := range runes {
		switch {
		case quote != 0:
			if r == quote && (quote != '"' || runes[i-1] != '\\') {
				quote = 0
			}
		case (r == '"' || r == '\'') && (i == 0 || runes[i-1] == ' ' || runes[i-1] == '[' || runes[i-1] == '{' || runes[i-1] == ','):
			quote = r
		case r == '#' && (i == 0 || runes[i-1] == ' ' || runes[i-1] == '\t'):
			return string(runes[i:]), i + 1
		}
	}
	return "", 0
}
