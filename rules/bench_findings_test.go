package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/wye-events/wye/rules/rulestest"
)

// BenchmarkFindings loads 10,000 rules in 200 files and looks for findings, as
// `wye check DIR` does. Its figures are in docs/check.md.
func BenchmarkFindings(b *testing.B) {
	dir := b.TempDir()
	writeMany(b, dir, 10_000, 200)
	for b.Loop() {
		set, _, problems := Load(dir + "/...")
		if set == nil || len(set.Rules) != 10_000 {
			b.Fatal(problems)
		}
		found := Findings(set, problems, FindingOptions{})
		b.ReportMetric(float64(len(found)), "findings")
	}
}

// writeMany writes the rules of a mixed set into files of directories, ten in
// each.
func writeMany(b *testing.B, dir string, rules, files int) {
	b.Helper()
	for i, f := range rulestest.Mixed(rules).Split(files) {
		name := fmt.Sprintf("%s/team-%02d/rules-%03d.yaml", dir, i/10, i)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, f.Text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
}
