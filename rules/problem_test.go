package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestProblems loads testdata/problems/*.yaml, one bad file per mistake, and
// compares the full text of the report with the .txt file beside it.
func TestProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/problems/*.yaml")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, m, problems := LoadSources(Source{filepath.Base(name), text})
			if (m == nil) != problems.HasErrors() {
				t.Errorf("matcher is %v with %v", m, problems)
			}
			golden(t, strings.TrimSuffix(name, ".yaml")+".txt", report(t, problems))
			checkTone(t, problems)
		})
	}
}

func report(t *testing.T, problems Problems) string {
	t.Helper()
	var b strings.Builder
	if err := problems.Write(&b, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

var libraryWords = regexp.MustCompile(`overload|undeclared|yaml:|!!|dyn\(.*\) to|token recognition|mismatched|extraneous|\bmap\[|interface|rules\.|int64`)

// checkTone: no message shows a type of Go or the inner words of a library.
func checkTone(t *testing.T, problems Problems) {
	t.Helper()
	if len(problems) == 0 {
		t.Error("no problem was found")
	}
	codes := map[string]bool{}
	for _, c := range Codes() {
		codes[c.ID] = true
	}
	for _, p := range problems {
		if libraryWords.MatchString(p.Message + p.Hint) {
			t.Errorf("words of a library: %s (%s)", p.Message, p.Hint)
		}
		if !codes[p.Code] {
			t.Errorf("code %s is not in the table", p.Code)
		}
	}
}

// TestEveryCodeHasAnExample: the golden files show each code at least once.
func TestEveryCodeHasAnExample(t *testing.T) {
	elsewhere := map[string]bool{codeRead: true, codeTooLarge: true, codeTwice: true, codeMore: true, codeOver: true}
	// From codeNever on the stories show them (TestStories), then the tests of
	// test files and of router/source.
	files, err := filepath.Glob("testdata/problems/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	last := ""
	for _, c := range Codes() {
		if c.ID <= last || c.Meaning == "" {
			t.Errorf("code %s is out of order or has no meaning", c.ID)
		}
		last = c.ID
		if c.ID < codeNever && !elsewhere[c.ID] && !strings.Contains(all.String(), c.ID) {
			t.Errorf("no file in testdata/problems shows %s (%s)", c.ID, c.Meaning)
		}
	}
}

func TestProblemAsJSON(t *testing.T) {
	got, err := json.Marshal(Problem{Severity: Error, Code: "WYE010", File: "r.yaml", Line: 3, Column: 5, Message: "m"})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"severity":"error","code":"WYE010","file":"r.yaml","line":3,"column":5,"message":"m"}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWriteWithColor(t *testing.T) {
	var b strings.Builder
	problems := Problems{{Severity: Warning, Code: "WYE028", File: "r.yaml", Line: 1, Column: 3, Message: "m", Source: "  x: y", Hint: "h"}}
	if err := problems.Write(&b, true); err != nil {
		t.Fatal(err)
	}
	want := "\x1b[1mr.yaml:1:3:\x1b[0m \x1b[33mwarning WYE028\x1b[0m: m\n    x: y\n    \x1b[32m^\x1b[0m\n    hint: h\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

// TestSecretsAreNotShown: a credential in the file is in no part of a problem.
func TestSecretsAreNotShown(t *testing.T) {
	const canary = "hunter2canary"
	for _, target := range []string{
		"url: 'https://user:" + canary + "@a.example/'",
		"url: https://a.example/, headers: {authorization: Bearer " + canary + "}",
		"url: https://a.example/, headers: {x-api-key: " + canary + "}",
		"url: https://a.example/, headers: {my-secret: " + canary + "}",
		"url: https://a.example/, headers: {authorization: Bearer " + canary + ", x-a: '${bad}'}",
		"url: 'https://user:" + canary + "@a.example/%zz'",
		"url: https://a.example/, headers: {authorization: 'Bearer " + canary + " ${env:'}",
		"url: https://a.example/, headers: {X-Token: " + canary + ", x-token: '${env:A}'}",
		"url: https://a.example/, headers: {authorization: \"Bearer " + canary,
		"url: https://a.example/, haeders: {authorization: \"Bearer " + canary + "\"}",
		"url: https://a.example/, headers: {authorization: [" + canary + "]}",
	} {
		text := "version: 1\ntargets:\n  t: {http: {" + target + "}}\n"
		_, _, problems := LoadSources(Source{"r.yaml", []byte(text)})
		if len(problems) == 0 {
			t.Errorf("%s: %v", target, problems)
		}
		if strings.Contains(report(t, problems), canary) {
			t.Errorf("the secret is shown: %s", report(t, problems))
		}
	}
}
