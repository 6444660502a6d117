package examples_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

// The commands and rule files in the documents are run by a test of cmd/wye.
// The tests here hold their tables and Go code to what the program does.

// tableOf gives the rows of the table that begins with the header line.
func tableOf(t *testing.T, document, header string) [][]string {
	t.Helper()
	_, rest, ok := strings.Cut(read(t, document), "\n"+header+"\n|---")
	if !ok {
		t.Fatalf("%s has no table %s", document, header)
	}
	var rows [][]string
	for line := range strings.Lines(rest[strings.Index(rest, "\n")+1:]) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "|\n"), `\|`, "\x00"), "|")
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(c), "\x00", "|")
		}
		rows = append(rows, cells)
	}
	return rows
}

func code(cell string) string { return strings.Trim(cell, "`") }

// TestFlagTable compares the README's table with what `wye serve --help` prints.
func TestFlagTable(t *testing.T) {
	help, err := exec.Command(buildWye(t), "serve", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	flag := regexp.MustCompile(`(?m)^ +--([\w-]+)(?: \w+)? {2,}(.*?)(?: \(default "?([^"\n]*?)"?\))?$`)
	for _, m := range flag.FindAllStringSubmatch(string(help), -1) {
		want = append(want, fmt.Sprintf("--%s | %s | %s", m[1], m[3], m[2]))
	}
	for _, row := range tableOf(t, "../README.md", "| flag of `wye serve` | default | meaning |") {
		got = append(got, fmt.Sprintf("%s | %s | %s", code(row[0]), code(row[1]), row[2]))
	}
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the README's table of flags has\n  %s\nwye serve --help has\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// TestCommandTable holds that the README's list of commands is what there is.
func TestCommandTable(t *testing.T) {
	help, err := exec.Command(buildWye(t), "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(help), "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	told, rows := map[string]bool{"help": true}, map[string]bool{}
	for _, row := range tableOf(t, "../README.md", "| command | does |") {
		for _, m := range regexp.MustCompile("`wye ([a-z]+)").FindAllStringSubmatch(row[0], -1) {
			told[m[1]] = true
		}
		if rows[row[0]] {
			t.Errorf("the README lists %s twice", row[0])
		}
		rows[row[0]] = true
	}
	for line := range strings.Lines(list) {
		name := strings.Fields(line)[0]
		if !told[name] {
			t.Errorf("the README does not list wye %s", name)
		}
		delete(told, name)
	}
	for name := range told {
		t.Errorf("the README lists wye %s, which is not there", name)
	}
}

// TestStatusTable compares what docs/http.md says of receivers' answers with
// the table that decides.
func TestStatusTable(t *testing.T) {
	begins := map[targets.Verdict]string{
		targets.Accepted: "delivered", targets.Refused: "a dead letter", targets.Misconfigured: "a dead letter: ",
		targets.RetryBriefly: "tried again, five attempts", targets.Unauthorized: "the secrets are looked up again",
		targets.SlowDown: "tried again; the whole target", targets.Pause: "the whole target", targets.Retry: "tried again",
	}
	rows := tableOf(t, "../docs/http.md", "| answer | means |")
	statuses := targets.DefaultStatuses()
	if len(rows) != len(statuses)+1 {
		t.Fatalf("the document has %d answers, the table %d and one for none", len(rows), len(statuses))
	}
	for i, s := range statuses {
		want := fmt.Sprint(s.From)
		if s.To != s.From {
			want = fmt.Sprintf("%d–%d", s.From, s.To)
		}
		if rows[i][0] != want || !strings.HasPrefix(rows[i][1], begins[s.Verdict]) {
			t.Errorf("row %d is %q; want %s: %s…", i+1, rows[i], want, begins[s.Verdict])
		}
	}
}

// TestMeanings tries every condition of the table in docs/rules.md on the event
// that stands above it.
func TestMeanings(t *testing.T) {
	const document = "../docs/rules.md"
	data := regexp.MustCompile("(?m)^`(\\{.*\\})`,$").FindStringSubmatch(read(t, document))
	if data == nil {
		t.Fatal("the document has no data to try conditions on")
	}
	rows := tableOf(t, document, "| condition | result | because |")
	for _, row := range rows {
		ev := &cloudevent.Event{ID: "1", Source: "/s", Type: "t", DataContentType: "application/json", Data: []byte(data[1])}
		if got := result(t, code(row[0]), ev); got != row[1] {
			t.Errorf("%s: the document says %s, it is %s", row[0], row[1], got)
		}
	}
	if len(rows) < 30 {
		t.Errorf("only %d rows were found", len(rows))
	}
}

// TestOrderKeys tries every key of the table in docs/rules.md on that event too.
func TestOrderKeys(t *testing.T) {
	const document = "../docs/rules.md"
	data := regexp.MustCompile("(?m)^`(\\{.*\\})`,$").FindStringSubmatch(read(t, document))
	for _, row := range tableOf(t, document, "| `by` | key | because |") {
		ev := &cloudevent.Event{ID: "1", Source: "/s", Type: "t", DataContentType: "application/json", Data: []byte(data[1])}
		by, err := json.Marshal(code(row[0]))
		if err != nil {
			t.Fatal(err)
		}
		text := "version: 1\ntargets:\n  q: {queue: {name: q}, order: {by: " + string(by) + "}}\n"
		_, m, problems := rules.LoadSources(rules.Source{Name: "rules.yaml", Text: []byte(text)})
		if m == nil {
			t.Errorf("%s: %+v", row[0], problems)
			continue
		}
		key, err := m.Order("q").Of(ev)
		if want := strings.TrimSuffix(code(row[1]), "none"); key != want || (err != nil) != strings.Contains(row[2], "an error") {
			t.Errorf("%s: the document says %s, %s; it is %q, %v", row[0], row[1], row[2], key, err)
		}
	}
}

// result is what a rule with the condition makes of an event.
func result(t *testing.T, when string, ev *cloudevent.Event) string {
	t.Helper()
	quoted, err := json.Marshal(when)
	if err != nil {
		t.Fatal(err)
	}
	matches := oneRule(t, `on: "**"`+"\n    when: "+string(quoted)).Match(ev, nil)
	switch {
	case len(matches) == 0:
		return "no match"
	case matches[0].Err != nil:
		return "error"
	}
	return "match"
}

func oneRule(t *testing.T, text string) *rules.Matcher {
	t.Helper()
	text = "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  r:\n    to: q\n    " + text + "\n"
	_, m, problems := rules.LoadSources(rules.Source{Name: "rules.yaml", Text: []byte(text)})
	if problems.HasErrors() {
		t.Fatalf("%s\n%+v", text, problems)
	}
	return m
}

// TestTypes tries the table of event types in docs/rules.md.
func TestTypes(t *testing.T) {
	for _, row := range tableOf(t, "../docs/rules.md", "| `on` | takes | does not take |") {
		r := oneRule(t, `on: "`+code(row[0])+`"`).Rules()[0]
		if !r.FitsType(code(row[1])) {
			t.Errorf("%s does not take %s", row[0], row[1])
		}
		if row[2] != "" && r.FitsType(code(row[2])) {
			t.Errorf("%s takes %s", row[0], row[2])
		}
	}
}

// TestKeys holds that docs/rules.md, and docs/test.md for tests, have every key of the
// rule file, with the default that its schema has in one of the rows of that key.
func TestKeys(t *testing.T) {
	var schema any
	if err := json.Unmarshal([]byte(read(t, "../schemas/rules.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	document := read(t, "../docs/rules.md") + read(t, "../docs/test.md")
	eachKey(schema, func(key string, is map[string]any) {
		if !strings.Contains(document, "`"+key+"`") {
			t.Errorf("the document does not tell of the key %s", key)
		}
		value, ok := is["default"]
		rows := regexp.MustCompile("(?m)^\\| `"+key+"` \\|.*$").FindAllString(document, -1)
		has := func(row string) bool { return strings.Contains(row, fmt.Sprintf("| `%v` |", value)) }
		if ok && !slices.ContainsFunc(rows, has) {
			t.Errorf("the default of %s is %v; the document has %q", key, value, rows)
		}
	})
}

// eachKey finds the properties in a JSON Schema.
func eachKey(schema any, tell func(key string, is map[string]any)) {
	node, ok := schema.(map[string]any)
	if !ok {
		if list, ok := schema.([]any); ok {
			for _, one := range list {
				eachKey(one, tell)
			}
		}
		return
	}
	if properties, ok := node["properties"].(map[string]any); ok {
		for key, is := range properties {
			if is, ok := is.(map[string]any); ok {
				tell(key, is)
			}
		}
	}
	for _, inner := range node {
		eachKey(inner, tell)
	}
}

// TestGoSnippets holds that the Go code in documents is code that these tests run.
func TestGoSnippets(t *testing.T) {
	source := read(t, "consume_test.go")
	found := 0
	for _, document := range []string{"../README.md", "../docs/http.md", "../docs/rules.md", "order-routing/README.md", "github-webhooks/README.md", "object-created/README.md"} {
		for _, block := range regexp.MustCompile("(?s)\n```go\n(.*?)```").FindAllStringSubmatch(read(t, document), -1) {
			found++
			if !strings.Contains(source, block[1]) {
				t.Errorf("%s shows Go code that is not in consume_test.go:\n%s", document, block[1])
			}
		}
	}
	if found == 0 {
		t.Error("no document shows Go code")
	}
}
