package sender

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const good = `{"specversion":"1.0","id":"A-1","source":"/s","type":"t"}`

func eventOf(id string) string { return strings.Replace(good, "A-1", id, 1) }

func TestReadPlaces(t *testing.T) {
	tests := []struct {
		name, text string
		places     string
	}{
		{"one", good, "A-1@1"},
		{"one over lines", "\n\n{\n\"specversion\":\"1.0\",\n\"id\":\"A-1\",\"source\":\"/s\",\"type\":\"t\"\n}\n", "A-1@3"},
		{"lines", eventOf("A-1") + "\n" + eventOf("A-2") + "\n", "A-1@1 A-2@2"},
		{"lines with blank ones and CRLF", eventOf("A-1") + "\r\n\r\n" + eventOf("A-2"), "A-1@1 A-2@3"},
		{"an array", "[" + eventOf("A-1") + ",\n" + eventOf("A-2") + "\n,\n\n" + eventOf("A-3") + "]", "A-1@1 A-2@2 A-3@5"},
		{"arrays and events", "[" + eventOf("A-1") + "]\n" + eventOf("A-2") + "[\n" + eventOf("A-3") + "]", "A-1@1 A-2@2 A-3@3"},
		{"no space between", eventOf("A-1") + eventOf("A-2"), "A-1@1 A-2@1"},
		{"an empty array beside an event", "[]\n" + good, "A-1@2"},
		{"line breaks within strings are none", strings.Replace(good, `"t"`, `"t","data":"\n\n"`, 1) + "\n" + eventOf("A-2"), "A-1@1 A-2@2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			items, err := Read([]string{Stdin}, strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, it := range items {
				got = append(got, it.Event.ID+"@"+strings.TrimPrefix(it.Place, "stdin:"))
			}
			if s := strings.Join(got, " "); s != tt.places {
				t.Errorf("read %s, expected %s", s, tt.places)
			}
		})
	}
}

// The texts of event faults are the codec's; here it is their places that count.
func TestReadBadInput(t *testing.T) {
	tests := []struct {
		name, text string
		faults     []string // beginnings
	}{
		{"nothing", "", []string{"stdin: there are no events in it"}},
		{"blank", " \n\n ", []string{"stdin: there are no events in it"}},
		{"an empty array", "[]", []string{"stdin: there are no events in it"}},
		{"no JSON", "hello", []string{"stdin:1:1: it is not valid JSON: invalid character 'h'"}},
		{"YAML", "id: A-1", []string{"stdin:1:1: it is not valid JSON"}},
		{"a broken second line", good + "\n{\"id\" 3}\n" + good, []string{`stdin:2:7: it is not valid JSON: invalid character '3' after object key`}},
		{"a brace too many", good + "}", []string{"stdin:1:58: it is not valid JSON"}},
		{"a bracket not closed", "[" + good, []string{"stdin:1:59: the JSON ends too early"}},
		{"a quote not closed", "\n" + `{"id":"A`, []string{"stdin:2:9: the JSON ends too early"}},
		{"a line break within a string", "{\"id\":\"a\nb\"}", []string{"stdin:1:9: it is not valid JSON"}},
		{"a comma too many in an array", "[" + good + ",]", []string{"stdin:1:60: it is not valid JSON"}},
		{"a number", "1", []string{"stdin:1: "}},
		{"an array in an array", "[[" + good + "]]", []string{"stdin:1: "}},
		{"null in an array", "[\nnull]", []string{"stdin:2: "}},
		{"an attribute is missing", `{"specversion":"1.0","id":"A-1","type":"t"}`, []string{`stdin:1: attribute "source": is missing`}},
		{"a bad attribute name", strings.Replace(good, `"t"`, `"t","Bad-Name":"x"`, 1), []string{`stdin:1: attribute "Bad-Name": `}},
		{"another version", strings.Replace(good, `"1.0"`, `"0.3"`, 1), []string{`stdin:1: attribute "specversion": `}},
		{"a key twice", strings.Replace(good, `"t"`, `"t","id":"A-2"`, 1), []string{`stdin:1: attribute "id": `}},
		{"data twice", strings.Replace(good, `"t"`, `"t","data":1,"data_base64":""`, 1), []string{"stdin:1: "}},
		{"invalid UTF-8", strings.Replace(good, "A-1", "A-\xff", 1), []string{"stdin:1: the body is not valid"}},
		{"a byte order mark", "\xef\xbb\xbf" + good, []string{"stdin:1:1: it is not valid JSON"}},
		{"several, and good ones between", "{}\n" + good + "\n{}\n" + good + "\n[\n{}]", []string{"stdin:1: ", "stdin:3: ", "stdin:6: "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			items, err := Read([]string{Stdin}, strings.NewReader(tt.text))
			var faults Faults
			if !errors.As(err, &faults) || items != nil {
				t.Fatalf("read %v, %v", items, err)
			}
			same := slices.EqualFunc(faults, tt.faults, func(f Fault, begin string) bool { return strings.HasPrefix(f.Error(), begin) })
			if !same {
				t.Errorf("read faults\n%s\nexpected them to begin with\n%s", faults, strings.Join(tt.faults, "\n"))
			}
		})
	}
}

func TestFaultsAreBounded(t *testing.T) {
	_, err := Read([]string{Stdin}, strings.NewReader(strings.Repeat("{}\n", 100)))
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != mostFaults+1 || lines[mostFaults] != "and 80 more" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func TestReadDirectories(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.jsonl": eventOf("B-1") + "\n" + eventOf("B-2"), "a.json": eventOf("A-1"), "c.ndjson": eventOf("C-1"),
		"notes.md": "no events", "z/inside.json": "not read",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	items, err := Read([]string{filepath.Join(dir, "c.ndjson"), dir, Stdin}, strings.NewReader(eventOf("S-1")))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, it := range items {
		got = append(got, it.Event.ID)
	}
	if s := strings.Join(got, " "); s != "C-1 A-1 B-1 B-2 C-1 S-1" {
		t.Errorf("read %s", s)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "missing"): "there is no such file or directory",
		t.TempDir():                   "the directory has no *.json, *.jsonl or *.ndjson files",
	} {
		if _, err := Read([]string{path}, nil); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// Events of an endless stream are handed on as they come.
func TestEventsAreHandedOn(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := 0
	fmt.Fprintln(w, eventOf("E-0"))
	for it, err := range Events("pipe", r) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("pipe:%d", n+1); it.Place != want {
			t.Errorf("event %s is at %s, expected %s", it.Event.ID, it.Place, want)
		}
		if n++; n == 1000 {
			w.Close()
			continue
		}
		fmt.Fprintln(w, eventOf(fmt.Sprintf("E-%d", n)))
	}
	if n != 1000 {
		t.Errorf("%d events", n)
	}
}

func TestRepeat(t *testing.T) {
	items, err := Read([]string{Stdin}, strings.NewReader(eventOf("A")+eventOf("B")))
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{0: "", 1: "A", 2: "A B", 5: "A B A-2 B-2 A-3"} {
		var got []string
		for it := range Repeat(items, n) {
			got = append(got, it.Event.ID)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%d: got %s, expected %s", n, s, want)
		}
	}
	for range Repeat(nil, 3) {
		t.Error("nothing was repeated")
	}
	if items[0].Event.ID != "A" {
		t.Error("the event itself was changed")
	}
}

func TestNewIDs(t *testing.T) {
	items, err := Read([]string{Stdin}, strings.NewReader(good+good))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{"A-1": true}
	for it := range WithNewIDs(Of(items)) {
		if seen[it.Event.ID] {
			t.Errorf("id %s again", it.Event.ID)
		}
		seen[it.Event.ID] = true
	}
}
