package main

import (
	"encoding/json"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/wye-events/wye/cmd/wye/sender"
	"github.com/wye-events/wye/router"
)

// What is written as YAML reads as the same value, whatever the texts are.
func TestWriteYAML(t *testing.T) {
	documents := []string{
		`{}`, `[]`, `"text"`, `null`, `1`,
		`{"a":1,"b":[],"c":{},"d":null,"e":true,"f":1.5,"g":-3}`,
		`{"list":[1,"two",{"a":1,"b":{"c":[2,3]}},[4,[5,{"x":"y"}]],{}]}`,
		`{"words":["true","No","null","y","1","1.5","-","a: b","#c","","/path/x.y"," space","it's","\"quoted\"","ü","a\nb\tc\u0007","~","2026-01-02","0x1f","<<","*a","&a","!t","[a]","{a}","\\","\u2028","on"]}`,
		`{"true":1,"1":2,"a b":3,"":4,"x: y":5,"<<":6}`,
		`[[],[[]],[{}],[{"a":[{"b":[]}]}]]`,
	}
	for _, doc := range documents {
		var out strings.Builder
		if err := writeYAML(&out, []byte(doc)); err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		var got, want any
		if err := yaml.Unmarshal([]byte(out.String()), &got); err != nil {
			t.Fatalf("%s: %v\n%s", doc, err, out.String())
		}
		if err := json.Unmarshal([]byte(doc), &want); err != nil {
			t.Fatal(err)
		}
		if again := throughJSON(t, got); !reflect.DeepEqual(again, want) {
			t.Errorf("%s was written as\n%s\nand reads as %v", doc, out.String(), again)
		}
	}
}

// throughJSON makes numbers of one kind of all numbers.
func throughJSON(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var again any
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	return again
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"short": "short", "\x1b[31mred\x1b[0m": "[31mred[0m", "a\nb\tc": "a b c", "12345678901": "123456789…", "1234567890": "1234567890",
		"a\u009bb\u202ec": "abc", " x ": "x", "": "",
	} {
		if got := plain(text, 10); got != want {
			t.Errorf("%q: got %q, expected %q", text, got, want)
		}
	}
	if got := escaped("{\n \"a\": \"\u009b2J\u007f ü\"}"); got != "{\n \"a\": \"\\u009b2J\\u007f ü\"}" {
		t.Errorf("got %q", got)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "no rules", 1: "1 rule", 2: "2 rules", 999: "999 rules", 1000: "1,000 rules", 1234567: "1,234,567 rules"} {
		if got := count(n, "rule"); got != want {
			t.Errorf("got %q, expected %q", got, want)
		}
	}
}

func TestParseRate(t *testing.T) {
	for text, want := range map[string]float64{"": 0, "50": 50, "50/s": 50, "0.5/s": 0.5, "600/m": 10, "9000/h": 2.5} {
		if got, err := parseRate(text); got != want || err != nil {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "-1", "fast", "5/d", "/s", "5/s/s", "NaN", "Inf", "1e12"} {
		if got, err := parseRate(text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestProgressLine(t *testing.T) {
	got := progressLine(sender.Tally{Accepted: 1200, Duplicates: 1, Refused: 3}, 2*time.Second)
	if want := "sent 1,204 events: 1,200 accepted, 1 duplicate, 3 refused; 2s, 602/s"; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
}

func TestRefusalLine(t *testing.T) {
	items, err := (&madeEvent{eventType: "t", source: "/s", id: "A-1"}).items()
	if err != nil {
		t.Fatal(err)
	}
	o := sender.Outcome{Item: items[0], Refusal: &sender.Refusal{Status: 400, Title: "Not a valid CloudEvent", Detail: "is missing", Attribute: "source"}}
	o.Place = "a.json:3"
	if got, want := refusalLine(o), `a.json:3: event A-1 refused: 400 Not a valid CloudEvent: attribute "source": is missing`; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
	o.Refusal.Detail = "attribute \"source\": is missing\x1b[2J"
	if got, want := refusalLine(o), `a.json:3: event A-1 refused: 400 Not a valid CloudEvent: attribute "source": is missing[2J`; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
}

// A letter tells of the first and the newest attempts; their numbers are theirs.
func TestAttemptsNotKept(t *testing.T) {
	var b strings.Builder
	d := router.DeadLetter{Number: 3, Reason: "attempts", Tried: 10, Attempts: make([]router.Attempt, 3)}
	for i := range d.Attempts {
		d.Attempts[i].Error = "no answer"
	}
	writeDead(&b, d)
	for _, want := range []string{"  1. ", "  … 7 attempts not kept\n", "  9. ", "  10. ", "attempts: the attempts of its retry policy are spent"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}

func TestBuildOf(t *testing.T) {
	from := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}
	}
	commit := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"}}
	tests := []struct {
		info    *debug.BuildInfo
		release string
		want    string
	}{
		{nil, "", "wye devel (commit unknown)"},
		{from("(devel)"), "", "wye devel (commit unknown)"},
		{from("v0.3.0"), "", "wye v0.3.0 (commit unknown)"},
		{from("v0.3.0", commit...), "v1.0.0", "wye v1.0.0 (commit 0123456789ab of 2026-01-02T03:04:05Z, with changes)"},
		{from("", commit[:2]...), "", "wye devel (commit 0123456789ab of 2026-01-02T03:04:05Z)"},
	}
	for _, tt := range tests {
		var out strings.Builder
		buildOf(tt.info, tt.release).write(&out)
		if want := tt.want + ", " + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + "\n"; out.String() != want {
			t.Errorf("got %q, expected %q", out.String(), want)
		}
	}
}
