package rules

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/rules/rulestest"
)

// samePlainly holds what the plain reader makes of a file against what the YAML
// tree gives.
func samePlainly(t *testing.T, text string) (plainly bool) {
	t.Helper()
	read := func() *loadedFile { return newLoadedFile(input{Source: Source{"r.yaml", []byte(text)}}, nil) }
	got, want := read(), read()
	if !got.parsePlainly() {
		if got.rules != nil || got.targets != nil || got.problems != nil {
			t.Fatalf("something is left of a file that was not understood:\n%s", text)
		}
		return false
	}
	want.parseTree()
	if diff := cmp.Diff(want.problems, got.problems); diff != "" || got.broken != want.broken {
		t.Fatalf("%s\n%s", text, diff)
	}
	if diff := cmp.Diff(want.rules, got.rules); diff != "" {
		t.Fatalf("%s\n%s", text, diff)
	}
	if diff := cmp.Diff(want.targets, got.targets); diff != "" {
		t.Fatalf("%s\n%s", text, diff)
	}
	for i, r := range got.rules {
		if r.Place.style != want.rules[i].Place.style || r.Place.text != want.rules[i].Place.text {
			t.Fatalf("%s\nthe place of %s: %v, not %v", text, r.Name, r.Place, want.rules[i].Place)
		}
	}
	return true
}

// plainFiles are understood, at least in part; oddFiles are not.
var plainFiles = []string{
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q",
	"# c\nversion: 1\n\nrules:\n # c\n    a:\n\n      on:   [x, y.z, b.*]\n#c\n      when: 'event.id == ''a'''\n      to: \"q\"\n  \n    b:\n     to: q\n     on: '**'\n",
	"version: 1\nrules:\n  a:\n    on: x\n    when: event.id == \"ö\" && event.data.s.contains('#')\n    to: [q, r]\n    enabled: false\n    on_error: match\n    description: What it's for, \"really\".\n",
	"version: 1\ntargets:\n  q: {queue: {name: q}}\nrules:\n  a:\n    on: x\n    to: q\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\ntargets:\n  q: {http: {url: \"https://a.example\", headers: {authorization: \"Bearer x\"}}}\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\n  b: {on: x, to: q}\n  c:\n    on: x\n    when: |\n      event.id == \"a\"\n\n      && true\n    to: q\n  d:\n    on: x\n    to: q\n  e:\n    on:\n    - a\n    - b\n    to: q\n",
	"version: 1\nrules:\n  123:\n    on: x\n    when: true\n    to: q\n  null:\n    on: x\n    when: null == event.data.x\n    to: q\n",
	"version: 1\nrules:\n  a:\n    on: x\n    when: event.id\n      == \"a\"\n    to: q\n  b:\n    on: x\n    to: q\n",
	"---\nversion: 1\nrules:\n  a:\n    on: x\n    to: q\n",
	"version: 1\nrules:\n  a:\n    on: x\n    mode: shadow\n    sample: 0.05\n    until: 2027-01-31T12:00:00+01:00\n    to: q\n  b:\n    on: x\n    to: q\n    mode: live\n    sample: 1e-3\n    until: 2027-01-31\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\n  b:\n    on: x\n    to: q\n    mode: \"shadow\"\n    sample: .5\n    until: \"2027-01-31\"\n",
}

var oddFiles = []string{
	"", "version: 1\n", "version: 1\nrules:\n", "version: 1\nrules: {a: {on: x, to: q}}\n",
	"rules:\n  a:\n    on: x\n    to: q\n",
	"version: 1\nversion: 1\nrules:\n  a:\n    on: x\n    to: q\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\nrules:\n  b:\n    on: x\n    to: q\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\n  a:\n    on: x\n    to: q\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\n b:\n    on: x\n    to: q\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\n  b: {}\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\n  a: {on: x, to: q}\n",
	"version: 1\nrules:\n  a:\r\n    on: x\n    to: q\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\n  b:\n    on: \"x\n  c:\n    on: x\n    to: q\n  d:\n    to: z\"\n    to: q\n",
	"version: 1\nx: \"\nrules:\n  a:\n    on: x\n    to: q\n\"\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\n---\nversion: 1\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\n    tu: q\n",
	"version: 1\nrules:\n  a:\n    on: x\n    to: q\n  wye taken 0: 0\n",
}

func TestPlainFiles(t *testing.T) {
	for _, text := range plainFiles {
		if !samePlainly(t, text) {
			t.Errorf("not understood:\n%s", text)
		}
	}
	for _, text := range oddFiles {
		if samePlainly(t, text) {
			t.Errorf("understood:\n%s", text)
		}
	}
	if !samePlainly(t, string(rulestest.Mixed(200).Files()[0].Text)) {
		t.Error("the mixed rules are not understood")
	}
}

// TestPlainPieces puts lines together at random, most of them plain.
func TestPlainPieces(t *testing.T) {
	pieces := []string{
		"version: 1\n", "rules:\n", "rules:\n", "  a:\n", "  b:\n", "  c: {on: x, to: q}\n", "    on: x\n", "    on: x\n", "    to: q\n", "    to: q\n",
		"    when: event.id == \"a\"\n", "    when: 'event.id == \"a\"\n", "  d:\n    on: x\n    to: q\n", "  e:\n    on: [x, y]\n    to: q'\n",
		"    # c\n", "\n", "      && true\n", "    when: |\n", "      true\n", "targets: {q: {queue: {name: q}}}\n", "  f:\n    on: 'x\n", "    to: y\"\n",
		"    when: \"true\n", "     on: x\n", "    on: - x\n", "    to: a: b\n", "    to: a #b\n", "    to: &a b\n", "    to: true\n", "    on: 2026-01-01\n",
		"    mode: shadow\n", "    mode: 'live'\n", "    sample: 0.5\n", "    sample: 0x1\n", "    sample: 1_0.\n", "    until: 2027-01-01\n", "    until: 2027-02-30\n", "    until: 2027-01-01T00:00:00Z #\n",
	}
	r := rand.New(rand.NewPCG(3, 4))
	plainly := 0
	for range 60_000 {
		var b strings.Builder
		b.WriteString("version: 1\nrules:\n"[:r.IntN(2)*18])
		for range 1 + r.IntN(12) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		if samePlainly(t, b.String()) {
			plainly++
		}
	}
	if plainly < 100 {
		t.Errorf("only %d were understood", plainly)
	}
}

func FuzzPlainFile(f *testing.F) {
	for _, text := range append(plainFiles, oddFiles...) {
		f.Add(text)
	}
	files, _ := filepath.Glob("testdata/problems/*.yaml")
	for _, name := range append(files, "../rules.yaml") {
		if text, err := os.ReadFile(name); err == nil {
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) { samePlainly(t, text) })
}
