package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/router"
)

func tailEvent(id string, rules ...string) *router.TailEvent {
	e := &router.TailEvent{Sequence: 17, At: time.Date(2026, 1, 31, 12, 0, 1, 5e6, time.FixedZone("", 3600)), Type: "t", Source: "/s", ID: id}
	for _, rule := range rules {
		e.Matched = append(e.Matched, router.TailRoute{Rule: rule, To: []string{"a", "b"}})
	}
	return e
}

func tailed(color bool, lines ...router.TailLine) (out, talk string) {
	var o, k bytes.Buffer
	t := newTailText(&o, &k, color)
	for _, l := range lines {
		t.line(nil, l)
	}
	return o.String(), k.String()
}

// TestTailText is what a person sees.
func TestTailText(t *testing.T) {
	many := tailEvent("many", "r1", "r2", "r3", "r4", "r5", "r6", "r7")
	many.Errors = map[string]string{}
	for i := range 7 {
		many.Errors[fmt.Sprint("e", i)] = fmt.Sprint("text ", i)
	}
	long := tailEvent(strings.Repeat("i", 60), "r")
	long.Source, long.Subject = "https://shop.example.com/orders/"+strings.Repeat("x", 40), "orders/4711"
	got, talk := tailed(false,
		router.TailLine{TailEvent: tailEvent("A-1", "r")},
		router.TailLine{TailEvent: tailEvent("none")},
		router.TailLine{TailEvent: many},
		router.TailLine{TailEvent: long},
		router.TailLine{TailEvent: tailEvent("after", "r")},
		router.TailLine{Outcome: &router.TailOutcome{Sequence: 17, Target: "a", Rule: "r", Outcome: "delivered", Attempts: 3}},
		router.TailLine{Missed: 1204},
		router.TailLine{Failed: &router.TailFailure{Sequence: 9, Error: "the condition failed: it divides by zero"}},
	)
	want := `SEQUENCE  TIME           TYPE                        SOURCE        ID            SUBJECT       GOES TO
      17  11:00:01.005Z  t                           /s            A-1           -             r → a, b
      17  11:00:01.005Z  t                           /s            none          -             unmatched
      17  11:00:01.005Z  t                           /s            many          -             r1 → a, b; r2 → a, b; r3 → a, b; r4 → a, b; r5 → a, b; and 2 other rules
          error: rule e0: text 0
          error: rule e1: text 1
          error: rule e2: text 2
          error: rule e3: text 3
          error: rule e4: text 4
          … and 2 other errors
      17  11:00:01.005Z  t                           https://shop.example.com/orders/xxxxxxx…  iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii…  orders/4711   r → a, b
      17  11:00:01.005Z  t                           /s                                        after                                     -             r → a, b
      17  00:00:00.000Z  a: delivered (rule r, 3 attempts)
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wantTalk := "1,204 lines missed here: more came than could be shown\n" +
		"--where on event 9: the condition failed: it divides by zero; events on which it fails are not shown, and that is not told again\n"
	if diff := cmp.Diff(wantTalk, talk); diff != "" {
		t.Error(diff)
	}
}

// TestTailTextIsSafe: what an event says cannot move the cursor of a terminal.
func TestTailTextIsSafe(t *testing.T) {
	bad := tailEvent("\x1b[2J\r\n\u009b", "r\x1b[2J")
	bad.Type, bad.Source, bad.Subject = "t\x1b]0;x\x07", "s\x00", "a\u202eb\nc"
	bad.Errors = map[string]string{"r": "failed\x1b[2J\n"}
	out, talk := tailed(false, router.TailLine{TailEvent: bad},
		router.TailLine{Outcome: &router.TailOutcome{Target: "\x1b[2J", Rule: "\x1b", Outcome: "\x1b"}},
		router.TailLine{Failed: &router.TailFailure{Error: "\x1b[2J"}})
	if strings.ContainsAny(out+talk, "\x1b\x00\r\u009b\u202e\x07") || strings.Count(out, "\n") != 4 {
		t.Errorf("%q %q", out, talk)
	}
}

func TestTailTextInColor(t *testing.T) {
	dead := tailEvent("dead")
	dead.DeadLettered = []router.TailRoute{{Rule: "r", To: []string{"a"}}}
	out, _ := tailed(true, router.TailLine{TailEvent: tailEvent("none")}, router.TailLine{TailEvent: dead},
		router.TailLine{Outcome: &router.TailOutcome{Target: "a", Outcome: "dead_lettered"}})
	for _, want := range []string{"\x1b[33munmatched\x1b[0m\n", "\x1b[31mr → dead letters of a\x1b[0m\n", "\x1b[31ma: dead-lettered (rule , no attempts)\x1b[0m\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q has no %q", out, want)
		}
	}
}
