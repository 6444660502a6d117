package rules

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// fileEvent reads an event in the CloudEvents JSON format.
func fileEvent(t testing.TB, name string) *cloudevent.Event {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	evs, _, err := cloudevent.Parse(map[string][]string{"Content-Type": {cloudevent.MediaTypeStructured}}, text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return evs[0]
}

// TestExplainGolden: what a person reads, for each rule file of testdata/explain
// and each event beside it, in short and with all parts; and for one of them
// the document.
func TestExplainGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/explain/*/*.event.json")
	if err != nil || len(names) < 7 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(filepath.Dir(name)), func(t *testing.T) {
			path := filepath.Join(filepath.Dir(name), "rules.yaml")
			_, m, problems := Load(path)
			if m == nil {
				t.Fatal(report(t, problems))
			}
			ev := fileEvent(t, name)
			to := strings.TrimSuffix(name, ".event.json")
			short := explanation(t, m, ev, ExplainOptions{Limit: 30})
			golden(t, to+".txt", written(t, short))
			all := explanation(t, m, ev, ExplainOptions{All: true})
			golden(t, to+".all.txt", written(t, all))
			checkPlaces(t, path, all)
			if strings.Contains(name, "/near/") {
				document, err := json.MarshalIndent(short, "", "  ")
				if err != nil {
					t.Fatal(err)
				}
				golden(t, to+".json", string(document)+"\n")
			}
		})
	}
}

func explanation(t testing.TB, m *Matcher, ev *cloudevent.Event, o ExplainOptions) *Explanation {
	t.Helper()
	x, err := m.Explain(ev, o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func written(t testing.TB, x *Explanation) string {
	t.Helper()
	var b strings.Builder
	if err := x.Write(&b, false); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(b.String(), filepath.Dir(x.Rules[0].Place.File)+"/", "")
}

// checkPlaces: each part begins in the file where its place says.
func checkPlaces(t *testing.T, path string, x *Explanation) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	var check func(p *ExplainedPart)
	check = func(p *ExplainedPart) {
		line := []rune(lines[p.Place.Line-1])
		if got := line[p.Place.Column-1]; got != []rune(p.Text)[0] && got != '\\' && got != '\'' {
			t.Errorf("%s:%d:%d: %q begins there, but there is %q", p.Place.File, p.Place.Line, p.Place.Column, p.Text, string(line[p.Place.Column-1:]))
		}
		for _, kid := range p.Parts {
			check(kid)
		}
		for _, e := range p.Elements {
			check(e.Part)
		}
	}
	for _, r := range x.Rules {
		if r.Condition != nil {
			check(r.Condition)
		}
	}
}

// TestExplainColours: colours change nothing but colours.
func TestExplainColours(t *testing.T) {
	_, m, _ := Load("testdata/explain/near/rules.yaml")
	x := explanation(t, m, fileEvent(t, "testdata/explain/near/order.event.json"), ExplainOptions{All: true})
	var plain, coloured strings.Builder
	if err := errors.Join(x.Write(&plain, false), x.Write(&coloured, true)); err != nil {
		t.Fatal(err)
	}
	stripped := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(coloured.String(), "")
	if stripped != plain.String() || stripped == coloured.String() {
		t.Errorf("without its colours:\n%s\nplain:\n%s", stripped, &plain)
	}
}
