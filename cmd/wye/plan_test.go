package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/plan"
	"github.com/wye-events/wye/rules"
)

// planOf is a report with many differences, whose texts are hostile.
func planOf(count int) *planView {
	r := &plan.Report{Differs: true, Events: plan.Events{Compared: 1000, Differing: 500}, Traffic: plan.Traffic{From: plan.FromArchive, First: 1, Last: 1000, Seconds: 60}}
	bad := "<img src=x>|`*_@all\x1b[2J\n```\n</details>" + strings.Repeat("long ", 100)
	for i := range count {
		one := plan.Rule{Name: fmt.Sprintf("rule-%d", i), Change: plan.Changed, File: "r.yaml", Line: i + 1}
		one.Before, one.After, one.NewlyMatched, one.NoLongerMatched = 10, 12, uint64(2+count-i), uint64(count-i)
		one.Settings = []plan.Setting{{Name: "when", How: "changed", Before: bad, After: bad + "\nmore"}, {Name: "header x", How: "changed"}}
		for range 5 {
			one.Examples = append(one.Examples, plan.Example{Difference: plan.NoLongerMatched, Sequence: 7, ID: bad, Type: bad, Excerpt: bad, Part: bad, Why: bad})
		}
		r.Rules = append(r.Rules, one)
		r.Targets = append(r.Targets, plan.Target{Name: bad, Change: plan.Changed, Settings: one.Settings, Counts: one.Counts})
	}
	v := &planView{Report: r, sets: planSets{new: &planSet{name: "new", loaded: plan.Set{Rules: &rules.Ruleset{}}}}}
	v.finish()
	return v
}

// TestPlanMarkdownIsBounded: however much differs, a comment has room in a pull
// request, every part of it is whole, and no text of others is markup.
func TestPlanMarkdownIsBounded(t *testing.T) {
	for _, n := range []int{0, 1, 20, 2000} {
		var out bytes.Buffer
		if err := planOf(n).writeMarkdown(&out); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if size := utf8.RuneCountInString(text); size > markdownMost {
			t.Errorf("%d rules: %d characters", n, size)
		}
		if open, shut := strings.Count(text, "\n<details>"), strings.Count(text, "\n</details>\n"); open != shut {
			t.Errorf("%d rules: %d details begin and %d end", n, open, shut)
		}
		for line := range strings.Lines(text) {
			shown := line[0] == '-' || line[0] == '+' || strings.HasPrefix(line, "  ") // in a block of code
			if !shown && strings.ContainsAny(line, "@\x1b") || !shown && strings.Contains(line, "<img") {
				t.Errorf("%d rules: text of others is markup: %s", n, line)
			}
		}
		if left := strings.Contains(text, "that have no room here"); left != (n == 2000) && n != 20 {
			t.Errorf("%d rules: says that something was left out: %v", n, left)
		}
	}
}

// TestPlanTextIsBounded: of many differences the largest are shown, and it is said
// how to see the others.
func TestPlanTextIsBounded(t *testing.T) {
	var out bytes.Buffer
	v := planOf(22)
	if err := v.writeText(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"… and 12 more rules with a difference; --all shows them", "… and 7 more targets with a difference; --all shows them"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.ContainsRune(out.String(), '\x1b') {
		t.Error("control characters")
	}
	out.Reset()
	v.flags.all = true
	if err := v.writeText(&out); err != nil || strings.Contains(out.String(), "--all") || strings.Count(out.String(), "~ rule-") != 22 {
		t.Errorf("%v\n%s", err, out.String())
	}
	out.Reset()
	if err := planOf(2000).writeGithub(&out); err != nil || strings.Count(out.String(), "\n") != annotationsMost+1 || !strings.Contains(out.String(), "more differences") {
		t.Errorf("%d lines: %v", strings.Count(out.String(), "\n"), err)
	}
}

func TestLinesDiffer(t *testing.T) {
	for _, c := range []struct{ before, after, want string }{
		{"a", "a", "  a"},
		{"", "a", "+ a"},
		{"a", "", "- a"},
		{"a\nb\nc\n", "a\nx\nc", "  a|- b|+ x|  c"},
		{"a &&\nb", "a &&\nb &&\nc", "  a &&|- b|+ b &&|+ c"},
		{"c", "a\nb\nc", "+ a|+ b|  c"},
	} {
		if got := strings.Join(linesDiffer(c.before, c.after), "|"); got != c.want {
			t.Errorf("%q %q: %s, want %s", c.before, c.after, got, c.want)
		}
	}
	many := strings.Repeat("x\n", 5000)
	if got := linesDiffer(many, many+"y"); len(got) != 10_001 {
		t.Errorf("%d lines", len(got))
	}
}

func TestRevisionRange(t *testing.T) {
	for what, want := range map[string]string{
		"main..HEAD": "main HEAD", "main..": "main HEAD", "..topic": "HEAD topic", "v1.2..v1.3": "v1.2 v1.3",
		"main": "", "rules/...": "", "a...b": "", "testdata/..": "", "...": "", "../wye": "",
	} {
		before, after, ok := revisionRange(what)
		if got := strings.TrimSpace(before + " " + after); ok != (want != "") || got != want {
			t.Errorf("%s: %q %v, want %q", what, got, ok, want)
		}
	}
}

func TestPlanProgressLine(t *testing.T) {
	for want, p := range map[string]router.PlanProgress{
		"plan: 250,000 of 1,000,000 events, 25 %, 1,204 differ; 50,000/s, 15s left": {Done: 250_000, Of: 1_000_000, Differing: 1204},
		"plan: 250,000 events, 0 differ; 50,000/s":                                  {Done: 250_000},
	} {
		if got := planProgressLine(p, 5*time.Second); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestPlanIsInterrupted: of a server's plan that is broken off the newest of what it
// found is shown, as partial; and where there is nothing yet, that is said.
func TestPlanIsInterrupted(t *testing.T) {
	line := func(l api.PlanLine) string {
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		return string(text) + "\n"
	}
	interim := func(looked uint64) string {
		return line(api.PlanLine{Report: &plan.Report{Partial: true, Differs: true, Traffic: plan.Traffic{Looked: looked, Of: 100}}})
	}
	talk := newPlanTalk(io.Discard)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := readPlan(gone, "here", strings.NewReader(""), talk)
	if r != nil || err == nil || !strings.Contains(err.Error(), "interrupted before anything was found") {
		t.Errorf("interrupted before a line was read: %+v %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	from, to := io.Pipe()
	go func() {
		io.WriteString(to, interim(10)+interim(20)+line(api.PlanLine{Progress: &router.PlanProgress{Done: 25}}))
		cancel()
		to.CloseWithError(context.Canceled)
	}()
	r, err = readPlan(ctx, "here", from, talk)
	if err != nil || r.Traffic.Looked != 20 {
		t.Fatalf("%+v %v", r, err)
	}
	v := &planView{Report: r, sets: planSets{new: &planSet{name: "new", loaded: plan.Set{Rules: &rules.Ruleset{}}}}}
	var out bytes.Buffer
	v.finish()
	if err := v.writeText(&out); err != nil || !strings.Contains(out.String(), "\nPartial: 20 of 100 events were looked at.\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if r, err = readPlan(t.Context(), "here", strings.NewReader(interim(20)), talk); err != nil || !slices.Contains(r.Notes, "the server ended the plan before its end") {
		t.Errorf("%+v %v", r, err)
	}
	if r, err = readPlan(t.Context(), "here", strings.NewReader(interim(20)+line(api.PlanLine{Problem: "The archive is gone."})), talk); err == nil || r != nil {
		t.Errorf("%+v %v", r, err)
	}
}

// TestFilePlanIsInterrupted: of a file's plan that is broken off, what was found so
// far is shown.
func TestFilePlanIsInterrupted(t *testing.T) {
	set := func(limit string) plan.Set {
		text := strings.ReplaceAll(matchRules, "> 100", "> "+limit)
		rs, m, problems := rules.LoadSources(rules.Source{Name: "r.yaml", Text: []byte(text)})
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		return plan.Set{Rules: rs, Matcher: m}
	}
	p := &filePlan{flags: &planFlags{sample: 1, examples: 1}, change: plan.New(set("100"), set("200")), workers: 2}
	from, to := io.Pipe()
	defer to.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		io.WriteString(to, orderLine("a", `,"data":{"total": 150}`)+"\n"+orderLine("b", `,"data":{"total": 250}`)+"\n")
		for p.done.Load() < 2 {
			runtime.Gosched()
		}
		cancel()
	}()
	r, err := p.run(ctx, from, 0, newPlanTalk(io.Discard))
	if err != nil || !r.Partial || r.Events.Compared != 2 || r.Events.Differing != 1 || r.Deliveries.NoLongerMatched != 1 {
		t.Errorf("%+v %v", r, err)
	}
}
