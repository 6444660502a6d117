package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp/syntax"
	"strings"

	"github.com/wye-events/wye/cmd/wye/formats"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/cases"
)

type regexpError = syntax.Error

// show writes what came out of all rule sets, and gives the exit status.
func (t *testRun) show(all []tested) (status int, err error) {
	if t.format == "text" {
		for _, one := range all {
			err = errors.Join(err, t.text(one))
		}
	} else {
		err = t.data(all)
	}
	for _, one := range all {
		status = max(status, t.status(one))
		fmt.Fprintf(t.talk, "%s: %s\n", one.path, t.verdict(one))
	}
	return status, err
}

// verdict sums up: "12 tests passed in 3ms", "1 of 12 tests failed, 92% covered".
func (t *testRun) verdict(one tested) string {
	if one.suite == nil {
		return "nothing was run: " + verdict(nil, one.problems)
	}
	r := one.report
	took := " in " + briefly(r.Took)
	var text string
	switch n := len(r.Results); {
	case n == 0 && len(one.suite.Cases) > 0:
		return fmt.Sprintf("none of %s fits --run %s", count(len(one.suite.Cases), "test"), plain(t.only, 80))
	case n == 0:
		return "no tests: write some under `tests:`, or into a file that ends in _test.yaml beside the rules"
	case r.Failed > 0:
		text = fmt.Sprintf("%s of %s failed%s", grouped(r.Failed), count(n, "test"), took)
	default:
		text = count(n, "test") + " passed" + took
	}
	if r.Coverage != nil {
		text += fmt.Sprintf(", %s covered", shownPercent(r.Coverage.Percent))
		if t.tooLittle(one) {
			text += fmt.Sprintf(" (%s are asked for)", shownPercent(t.threshold))
		}
	}
	return text
}

func shownPercent(p float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", p), ".0") + "%" }

// text writes one rule set for people: each case that failed, and with -v those
// that passed.
func (t *testRun) text(one tested) error {
	w := &testWriter{w: t.out, color: colorOn(t.out), columns: columnsOf(t.out)}
	if len(one.problems) > 0 {
		return one.problems.Write(t.out, w.color)
	}
	for i := range one.report.Results {
		r := &one.report.Results[i]
		if !r.Passed() || t.verbose {
			w.result(r)
		}
	}
	if one.update != nil {
		w.update(one.update)
	}
	if one.report.Coverage != nil {
		w.coverage(one.report.Coverage)
	}
	return w.err
}

// testWriter writes for people, on a terminal with colours. It keeps the first
// error.
type testWriter struct {
	w       io.Writer
	color   bool
	columns int
	err     error
}

const (
	boldText  = "\x1b[1m"
	goodColor = "\x1b[32m"
)

func (w *testWriter) paint(style, s string) string {
	if !w.color || s == "" {
		return s
	}
	return style + s + noColor
}

func (w *testWriter) line(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.w, format+"\n", args...)
	}
}

func (w *testWriter) result(r *cases.Result) {
	mark := w.paint(goodColor, "✓")
	if !r.Passed() {
		mark = w.paint(badColor, "✗")
	}
	at := r.Case.Place
	w.line("%s %s   %s", mark, w.paint(boldText, plain(r.Case.Name, 200)), w.paint(faintColor, fmt.Sprintf("%s:%d:%d", at.File, at.Line, at.Column)))
	if !r.Passed() {
		w.faults(r)
		w.line("")
	}
}

// faults writes in which ways a case failed, with the rules that it is about.
func (w *testWriter) faults(r *cases.Result) {
	told, target := map[string]bool{}, ""
	for _, f := range r.Faults {
		if f.Kind == cases.FaultPayload {
			if f.Target != target {
				w.line("    what %s gets is not as expected", f.Target)
				target = f.Target
			}
			w.line("        %s", plain(f.Message, 400))
			continue
		}
		w.line("    %s", plain(f.Message, 400))
		if want, ok := f.Want.([]string); ok {
			w.difference(want, f.Got.([]string))
		}
		if x, ok := r.Explanation(f.Rule); ok && !told[f.Rule] {
			told[f.Rule] = true
			w.condition(x)
		}
	}
	for _, x := range r.Explained {
		if told[x.Name] {
			continue
		}
		does := "does not match; it would send to "
		switch {
		case x.Routes():
			does = "matches, and sends to "
		case x.Outcome == rules.OutcomeFailed:
			does = "fails; it would send to "
		case x.Outcome == rules.OutcomeHeldBack:
			does = "matches, and is held back; it would send to "
		}
		w.line("    rule %s %s%s", x.Name, does, strings.Join(x.To, ", "))
		w.condition(x)
	}
}

// difference writes targets that are missing, and those that are too many.
func (w *testWriter) difference(want, got []string) {
	for _, name := range want {
		if !contains(got, name) {
			w.line("        %s", w.paint(badColor, "- "+name))
		}
	}
	for _, name := range got {
		if !contains(want, name) {
			w.line("        %s", w.paint(goodColor, "+ "+name))
		}
	}
}

func (w *testWriter) condition(x rules.ExplainedRule) {
	at := x.Place
	if x.Decided != nil {
		at = x.Decided.Place
	}
	w.line("        %s", w.paint(faintColor, fmt.Sprintf("%s:%d:%d", at.File, at.Line, at.Column)))
	if w.err == nil {
		w.err = x.WriteCondition(w.w, "        ", w.color, w.columns)
	}
}

// textOf is what is said of a case that failed, without colours.
func textOf(r *cases.Result) string {
	var b strings.Builder
	w := &testWriter{w: &b}
	w.faults(r)
	return strings.TrimSpace(strings.ReplaceAll(b.String(), "\n    ", "\n"))
}

// junit makes a suite of each rule set.
func (t *testRun) junit(all []tested) error {
	var suites []formats.Suite
	for _, one := range all {
		if one.suite == nil {
			suites = append(suites, suitesOf([]checked{{one.path, nil, one.problems}}, isError)...)
			continue
		}
		suite := formats.Suite{Name: one.path}
		for i := range one.report.Results {
			r := &one.report.Results[i]
			at := r.Case.Place
			c := formats.Case{
				Name: r.Case.Name, Class: strings.TrimSuffix(at.File, filepath.Ext(at.File)), File: at.File, Line: at.Line, Seconds: r.Took.Seconds(),
			}
			if !r.Passed() {
				c.Failure, c.Details = r.Faults[0].Message, textOf(r)
			}
			suite.Cases = append(suite.Cases, c)
		}
		suites = append(suites, suite)
	}
	return formats.WriteJUnit(t.out, suites)
}

// github writes an annotation for each case that failed, and for each problem.
func (t *testRun) github(all []tested) error {
	var notes []formats.Annotation
	for _, one := range all {
		notes = append(notes, annotationsOf([]checked{{one.path, nil, one.problems}})...)
		if one.report == nil {
			continue
		}
		for i := range one.report.Results {
			if r := &one.report.Results[i]; !r.Passed() {
				at := r.Case.Place
				notes = append(notes, formats.Annotation{
					Level: formats.Error, File: at.File, Line: at.Line, Column: at.Column,
					Title: "test failed: " + r.Case.Name, Message: textOf(r),
				})
			}
		}
		if t.tooLittle(one) {
			notes = append(notes, formats.Annotation{
				Level: formats.Error, Title: "too little is covered", Message: one.path + ": " + t.verdict(one),
			})
		}
	}
	return formats.WriteAnnotations(t.out, notes)
}
