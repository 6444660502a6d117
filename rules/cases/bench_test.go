package cases

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/rulestest"
)

// thousand is a rule set of 1,000 rules with 1,000 cases, in a directory.
func thousand(b *testing.B) (dir string) {
	b.Helper()
	set := rulestest.Mixed(1000)
	dir = b.TempDir()
	var tests [4]strings.Builder // a file has a MiB at most
	for i := range tests {
		tests[i].WriteString("version: 1\ntests:\n")
	}
	sources := rulestest.Sources[rules.Source](set)
	_, m, problems := rules.LoadSources(sources...)
	if problems.HasErrors() {
		b.Fatal(problems)
	}
	for n := range 1000 {
		ev := set.Events[n%len(set.Events)]
		var names []string
		for _, match := range m.Match(ev, nil) {
			if match.Err == nil {
				names = append(names, match.Rule.Name)
			}
		}
		fmt.Fprintf(&tests[n%len(tests)], "- name: case %d\n  event: %s\n  expect: [%s]\n", n, ev.AppendStructured(nil), strings.Join(names, ", "))
	}
	for i := range tests {
		sources = append(sources, rules.Source{Name: fmt.Sprintf("t%d_test.yaml", i), Text: []byte(tests[i].String())})
	}
	for _, f := range sources {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// BenchmarkThousand loads and runs 1,000 cases against 1,000 rules, as a new
// process does, and with coverage.
func BenchmarkThousand(b *testing.B) {
	dir := thousand(b)
	for _, coverage := range []bool{false, true} {
		b.Run(fmt.Sprintf("coverage=%v", coverage), func(b *testing.B) {
			for b.Loop() {
				s, problems := new(Loader).Load(dir)
				if len(problems) > 0 {
					b.Fatal(written(problems))
				}
				if r := s.Run(s.Cases, coverage); r.Passed != 1000 {
					b.Fatalf("%d of %d: %s", r.Passed, len(r.Results), said(r))
				}
			}
		})
	}
}
