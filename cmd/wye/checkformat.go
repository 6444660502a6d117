package main

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/wye-events/wye/cmd/wye/formats"
	"github.com/wye-events/wye/rules"
)

var checkFormats = []string{"text", "json", "github", "sarif", "junit"}

// checked is what was found in one rule set.
type checked struct {
	path     string
	files    []string // of the set, as they are shown; none where it did not load
	problems rules.Problems
}

// finding is a problem as the JSON form shows it.
type finding struct {
	Code     string         `json:"code"`
	Severity rules.Severity `json:"severity"`
	File     string         `json:"file"`
	Line     int            `json:"line,omitempty"`
	Column   int            `json:"column,omitempty"`
	Rule     string         `json:"rule,omitempty"`
	Message  string         `json:"message"`
	Hint     string         `json:"hint,omitempty"`
}

// writeFindings writes the forms that show all rule sets together. Fails tells
// what makes the check fail.
func writeFindings(out io.Writer, format string, all []checked, fails func(rules.Problem) bool) error {
	switch format {
	case "json":
		return writeData(out, "json", struct {
			Findings []finding `json:"findings"`
		}{findingsOf(all)})
	case "github":
		return formats.WriteAnnotations(out, annotationsOf(all))
	case "sarif":
		return formats.WriteSARIF(out, sarifTool(), resultsOf(all))
	case "junit":
		return formats.WriteJUnit(out, suitesOf(all, fails))
	}
	return nil
}

// each makes something of every problem.
func each[T any](all []checked, of func(rules.Problem) T) []T {
	list := []T{}
	for _, c := range all {
		for _, p := range c.problems {
			list = append(list, of(p))
		}
	}
	return list
}

func findingsOf(all []checked) []finding {
	return each(all, func(p rules.Problem) finding {
		return finding{p.Code, p.Severity, p.File, p.Line, p.Column, p.Rule, p.Message, p.Hint}
	})
}

func annotationsOf(all []checked) []formats.Annotation {
	return each(all, func(p rules.Problem) formats.Annotation {
		return formats.Annotation{
			Level: formats.Level(p.Severity), File: p.File, Line: p.Line, Column: p.Column,
			Title: p.Code, Message: messageAndHint(p),
		}
	})
}

func messageAndHint(p rules.Problem) string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + "\nhint: " + p.Hint
}

func sarifTool() formats.Tool {
	tool := formats.Tool{Name: "wye", Version: version}
	for _, c := range rules.Codes() {
		tool.Kinds = append(tool.Kinds, formats.Kind{
			ID: c.ID, Short: c.Meaning, Help: c.Story().Markdown(), Level: formats.Level(c.Severity),
		})
	}
	return tool
}

func resultsOf(all []checked) []formats.Result {
	return each(all, func(p rules.Problem) formats.Result {
		return formats.Result{
			Kind: p.Code, Level: formats.Level(p.Severity), File: p.File, Line: p.Line, Column: p.Column,
			Message: messageAndHint(p),
		}
	})
}

// suitesOf makes a suite of each rule set, and a case of each of its files. A
// case fails with what makes the check fail, and shows all that was found in it.
func suitesOf(all []checked, fails func(rules.Problem) bool) []formats.Suite {
	var suites []formats.Suite
	for _, c := range all {
		in := map[string]rules.Problems{}
		files := c.files
		for _, p := range c.problems {
			if in[p.File] == nil && !contains(files, p.File) {
				files = append(files, p.File)
			}
			in[p.File] = append(in[p.File], p)
		}
		suite := formats.Suite{Name: c.path}
		for _, name := range files {
			suite.Cases = append(suite.Cases, caseOf(name, in[name], fails))
		}
		suites = append(suites, suite)
	}
	return suites
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func caseOf(name string, problems rules.Problems, fails func(rules.Problem) bool) formats.Case {
	c := formats.Case{Name: name, Class: strings.TrimSuffix(name, filepath.Ext(name)), File: name}
	for _, p := range problems {
		if fails(p) {
			c.Failure, c.Line = p.Code+": "+p.Message, p.Line
			break
		}
	}
	if c.Failure != "" {
		var text strings.Builder
		_ = problems.Write(&text, false) // a strings.Builder takes everything
		c.Details = text.String()
	}
	return c
}
