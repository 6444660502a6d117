package format_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/format"
)

func formatted(t *testing.T, text string) string {
	t.Helper()
	out, problems, err := format.File(rules.Source{Name: "rules.yaml", Text: []byte(text)})
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v, %v\n%.2000s", problems, err, text)
	}
	return string(out)
}

func TestForm(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/cases.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
	}
	for name, text := range files {
		name, ok := strings.CutSuffix(name, ".in")
		if !ok {
			if _, ok := files[strings.TrimSuffix(name, ".out")+".in"]; !ok {
				t.Errorf("%s is of no case", name)
			}
			continue
		}
		want, ok := files[name+".out"]
		if !ok {
			want = text
		}
		if diff := cmp.Diff(want, formatted(t, text)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// TestOwnFiles holds that the project's files are formatted.
func TestOwnFiles(t *testing.T) {
	n := 0
	for _, path := range []string{"../../rules.yaml", "../../examples/..."} {
		names, problems := rules.FilesAndTests(path)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		for _, name := range names {
			text, err := os.ReadFile(filepath.FromSlash(name))
			if err != nil {
				t.Fatal(err)
			}
			if !format.IsOurs(text) {
				continue
			}
			n++
			if diff := cmp.Diff(string(text), formatted(t, string(text))); diff != "" {
				t.Errorf("%s is not formatted; `wye fmt -w` does it:\n%s", name, diff)
			}
		}
	}
	if n < 8 {
		t.Errorf("only %d files were found", n)
	}
}

func TestIsOurs(t *testing.T) {
	for text, want := range map[string]bool{
		"version: 1\n":     true,
		"\uFEFFversion: 1": true,
		"# c\nrules: [\n\"version\" : 1 # broken\n": true,
		"{version: 1}":       true,
		"{\n  'version': 1}": true,
		"version:\n  1\n":    true,
		"":                   false,
		"apiVersion: v1\ndata:\n  a: |\n    version: 1\n": false,
		"version: 10\n":    false,
		"version: \"3\"\n": false,
	} {
		if got := format.IsOurs([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestEnds are the beginnings and ends of files and lines.
func TestEnds(t *testing.T) {
	for in, want := range map[string]string{
		"version: 1":                                   "version: 1\n",
		"version: 1\n\n\n":                             "version: 1\n",
		"\uFEFFversion: 1\n":                           "version: 1\n",
		"version: 1\r\nrules:\r\n  a: {}\r\n":          "version: 1\r\nrules:\r\n  a: {}\r\n",
		"version: 1\r\nrules:\n  a: |\n    x":          "version: 1\r\nrules:\r\n  a: |-\r\n    x\r\n",
		"version: 1\nrules: {}\r\n":                    "version: 1\nrules: {}\n",
		"version: 1 \t\nrules:  # c  \n  a: b \t \n  ": "version: 1\nrules:  # c\n  a: b\n",
	} {
		if got := formatted(t, in); got != want {
			t.Errorf("%q is formatted as %q, want %q", in, got, want)
		}
	}
}

// TestNotFormatted are files that stay as they are, with the problem that a check
// tells.
func TestNotFormatted(t *testing.T) {
	for text, code := range map[string]string{
		"":                                 "WYE002",
		"# nothing\n":                      "WYE002",
		"a: " + strings.Repeat("x", 1<<20): "WYE003",
		"a: \xff\n":                        "WYE004",
		"a: \"\u2028\"\n":                  "WYE004",
		"a: [\n":                           "WYE005",
		"a: " + strings.Repeat("[", 99) + strings.Repeat("]", 99): "WYE006",
		"a: 1\n---\nb: 1\n":                 "WYE007",
		"a: &b 1\n":                         "WYE008",
		"a: ! 1\n":                          "WYE008",
		"[a, b]: 1\n":                       "WYE013",
		strings.Repeat("k", 1010) + ": 1\n": "WYE013",
	} {
		out, problems, err := format.File(rules.Source{Name: "rules.yaml", Text: []byte(text)})
		if out != nil || err != nil || len(problems) == 0 || problems[0].Code != code {
			t.Errorf("%.20q: %q, %v, %v; want %s", text, out, problems, err, code)
		}
	}
	large := "a: {" + strings.Repeat("b,", 1<<19-10) + "}\n"
	for _, text := range []string{"? |\n  a\n: 1\n", "a: {b:c\n  d}\n", large} {
		if out, problems, err := format.File(rules.Source{Text: []byte(text)}); out != nil || len(problems) > 0 || err == nil {
			t.Errorf("%.50q: %.50q, %v, %v; want an error", text, out, problems, err)
		}
	}
}

// TestLargest formats the largest file in a line and in many: neither costs more
// than its length.
func TestLargest(t *testing.T) {
	for _, with := range [][3]string{{"version: 1\nrules: {", ", ", "}\n"}, {"version: 1\nrules:\n  ", "\n  ", "\n"}} {
		var b bytes.Buffer
		b.WriteString(with[0])
		for i := 0; b.Len() < 900<<10; i++ {
			if i > 0 {
				b.WriteString(with[1])
			}
			b.WriteString("r: {to: [x,y], on: y}")
		}
		b.WriteString(with[2])
		out := formatted(t, b.String())
		if !strings.Contains(out, "\n  r: {on: y, to: [x, y]}\n") {
			t.Errorf("%.200s", out)
		}
	}
}
