package rules

import (
	"go/ast"
	goparser "go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// FuzzMatch holds Match to the oracle for any condition that loads and any
// data. Beside the condition stand others that may share parts of it.
func FuzzMatch(f *testing.F) {
	texts := writtenIn(f, "match_test.go")
	var data []string
	for _, s := range texts {
		if strings.HasPrefix(strings.TrimSpace(s), "{") {
			data = append(data, s)
		}
	}
	for i, s := range texts {
		for _, line := range strings.Split(s, "\n") {
			if _, err := oracleProgram(line); err == nil {
				f.Add(strings.TrimSpace(line), data[i%len(data)])
			}
		}
	}
	for seed := range uint64(20) {
		w := newWorld(seed)
		c, _ := w.condition(nil)
		f.Add(c.String(), string(w.event().made().Data))
	}
	f.Fuzz(checkOne)
}

func checkOne(t *testing.T, when, data string) {
	rules := []genRule{{name: "other", on: []string{"**"}, when: leaf("event.data.a == 1")}}
	for i, text := range []string{when, "!(" + when + "\n)", when + "\n|| event.data.a == 1"} {
		p, err := oracleProgram(text)
		if err != nil && i == 0 {
			return
		}
		if err == nil {
			rules = append(rules, genRule{name: "r" + strconv.Itoa(i), on: []string{"**"}, when: leaf(text), program: p})
		}
	}
	s, err := newSubject(rules, 0)
	if err != nil {
		t.Skip(err) // no text that YAML can hold, or a constant that cannot be
	}
	ev := jsonEvent(data)
	if differs := s.compare(ev, &counts{}); differs != "" {
		t.Errorf("%s\n%q\n%s", when, data, differs)
	}
}

// writtenIn are the texts in a Go file: most of those in a table of conditions
// are conditions.
func writtenIn(t testing.TB, name string) []string {
	file, err := goparser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				all = append(all, s)
			}
		}
		return true
	})
	return all
}
