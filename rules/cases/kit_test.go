package cases

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/wye-events/wye/rules"
)

// placed are files in a directory of their own.
func placed(t *testing.T, archive string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// suiteOf is the suite of rules and of the tests in a list.
func suiteOf(t *testing.T, ruleFile, tests string) *Suite {
	t.Helper()
	s, problems := new(Loader).LoadSource(rules.Source{Name: "rules.yaml", Text: []byte(ruleFile + "tests:\n" + tests)})
	if len(problems) > 0 {
		t.Fatal(written(problems))
	}
	return s
}

func written(problems rules.Problems) string {
	var b strings.Builder
	problems.Write(&b, false)
	return b.String()
}

// said are the messages of the faults of a report, each after the name of its case.
func said(r *Report) string {
	var b strings.Builder
	for i := range r.Results {
		for _, f := range r.Results[i].Faults {
			b.WriteString(r.Results[i].Case.Name + ": " + f.Message + "\n")
		}
	}
	return b.String()
}

func shop(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func mapText(members map[string]any) string { return fmt.Sprint(members) }
