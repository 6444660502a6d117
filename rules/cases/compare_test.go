package cases

import (
	"strings"
	"testing"
)

const (
	placedOrder = "type: order.placed, data: {total: 250, items: [{fragile: true}]}"
	smallOrder  = "type: order.placed, data: {total: 5}"
)

// TestExpectations: what passes, and what is said of what does not.
func TestExpectations(t *testing.T) {
	for _, c := range []struct{ event, expect, said string }{
		// expect lists all rules that match.
		{placedOrder, "expect: {billing: billing, large: [packing, review], next: []}", ""},
		{placedOrder, "expect: {billing: billing, large: [review, packing], next: []}", ""},
		{placedOrder, "expect: [large, billing, next]", ""},
		{smallOrder, "expect: billing", ""},
		{"type: other", "expect: {}", ""},
		{"type: other", "expect: []", ""},
		{placedOrder, "expect: {billing: billing, large: [packing, review]}", "rule next matches as a shadow, which is not expected"},
		{placedOrder, "expect: {billing: billing, next: []}", "rule large matches and sends to packing, review, which is not expected"},
		{smallOrder, "expect: {billing: billing, large: [packing, review]}", "rule large should match, and does not"},
		{smallOrder, "expect: {billing: [billing, audit]}", "rule billing matches, and sends to billing; expected billing, audit"},
		{smallOrder, "expect: {billing: []}", "rule billing matches, and sends to billing; expected that it sends nothing"},
		{placedOrder, "expect: {billing: billing, large: [packing, review], next: audit}", "rule next matches, and sends nothing, because it is a shadow; expected audit"},
		{"type: other", "expect: off", "rule off should match, and does not"},
		{smallOrder, "expect: {}", "rule billing matches and sends to billing, which is not expected"},
		// expect_some says nothing of other rules.
		{placedOrder, "expect_some: {large: [packing, review]}", ""},
		{placedOrder, "expect_some: [large, next]", ""},
		{smallOrder, "expect_some: large", "rule large should match, and does not"},
		// expect_targets is about targets, whoever sends.
		{placedOrder, "expect_targets: [billing, packing, review]", ""},
		{smallOrder, "expect_targets: billing", ""},
		{"type: other", "expect_targets: []", ""},
		{smallOrder, "expect_targets: [billing, review]", "the event goes to billing; expected billing, review"},
		{smallOrder, "expect_targets: []", "the event goes to billing; expected nowhere"},
		// not is about both.
		{smallOrder, "not: [large, review, audit]", ""},
		{placedOrder, "not: large", "rule large matches, and must not"},
		{placedOrder, "not: next", "rule next matches, and must not"},
		{placedOrder, "not: audit", ""}, // a shadow sends nothing
		{placedOrder, "not: [review]", "target review gets the event from large, and must not"},
		{placedOrder, "not: {rules: billing}", "rule billing matches, and must not"},
		{placedOrder, "not: {targets: billing}", "target billing gets the event from billing, and must not"},
		// A rule that fails counts as a match only if it says so.
		{"type: order.odd, data: {total: x}", "expect: {taken: review}\n  error: [buried, taken, next]", ""},
		{"type: order.odd, data: {total: x}", "expect_some: {taken: review}", ""},
		{"type: order.odd, data: {total: x}", "expect: {taken: review}", "the condition of rule buried fails: > cannot be used between"},
		{"type: order.odd, data: {total: x}", "error: [buried]", "the condition of rule taken fails"},
		{"type: order.odd, data: {total: x}", "expect_some: {buried: audit}", "rule buried should match, and fails: >"},
		{"type: order.odd, data: {total: 50}", "error: [taken]", "the condition of rule taken should fail with an error, and does not"},
		// until is passed only where `now` says so; every event is in every sample.
		{"type: order.old, data: {}", "expect: old", ""},
		{"type: order.old, data: {}", "expect: old\n  now: 2026-05-31T23:59:59Z", ""},
		{"type: order.old, data: {}", "expect: {}\n  now: 2026-06-01", ""},
		{"type: order.old, data: {}", "expect: old\n  now: 2026-06-01T00:00:00Z", "rule old should match, and does not"},
		{"type: order.rare, data: {}", "expect: {rare: audit}", ""},
		// What targets get, in part.
		{placedOrder, "payload: {type: order.placed, data: {total: 250}}", ""},
		{placedOrder, "payload: {data: {total: 2.5e2}}", ""},
		{placedOrder, "payload: {data: {items: [{}]}, id: test, source: /test, subject: null}", ""},
		{placedOrder, "payload: {data: {total: 251}}", "data.total: expected 251, got 250"},
		{placedOrder, `payload: {data: {total: "250"}}`, `data.total: expected "250", got 250`},
		{placedOrder, "payload: {data: {items: []}}", `data.items: expected [], got [{"fragile":true}]`},
		{placedOrder, "payload: {data: {items: [{fragile: false}]}}", "data.items[0].fragile: expected false, got true"},
		{placedOrder, "payload: {subject: x}", `subject: expected "x", and it is not there`},
		{placedOrder, "payload: {data: {a.b: null}}", `data["a.b"]: expected null, and it is not there`},
		{placedOrder, "payload: [{to: review, data: {total: 250}}, {to: [billing], type: order.placed}]", ""},
		{placedOrder, "payload: [{to: review, data: {total: 1}}]", "data.total: expected 1, got 250"},
		{placedOrder, "payload: [{to: audit, data: {total: 250}}]", "target audit should get a payload, and does not get the event"},
		{"type: other", "payload: {type: other}", "no target gets the event, so none gets the expected payload"},
	} {
		if strings.HasPrefix(c.expect, "not: ") && strings.Contains(c.expect, "billing") && !strings.Contains(c.expect, "{") {
			t.Fatal("billing is a rule and a target")
		}
		s := suiteOf(t, shop(t), "- name: it\n  event: {"+c.event+"}\n  "+c.expect+"\n")
		got := said(s.Run(s.Cases, false))
		if (c.said == "") != (got == "") || !strings.Contains(got, c.said) {
			t.Errorf("%s\n%s\nexpected %q, got %q", c.event, c.expect, c.said, got)
		}
	}
}

// TestRowsDiffer: a row lays its event over that of the test, and expects what
// the test expects where it says nothing else.
func TestRowsDiffer(t *testing.T) {
	s := suiteOf(t, shop(t), `- name: orders
  event: {type: order.placed, source: /eu, data: {total: 250, items: [{fragile: true}], note: x}}
  headers: {x-env: live, x-shop: a}
  now: 2026-01-01
  expect_some: large
  not: audit
  each:
  - name: as it is
  - name: small
    with: {data: {total: 5, note: null}, source: /us}
    expect: billing
  - name: other
    event: {type: other}
    headers: {x-env: test}
    now: 2026-02-01
    expect: {}
`)
	if r := s.Run(s.Cases, false); r.Failed > 0 || r.Passed != 3 {
		t.Fatal(said(r))
	}
	small, other := s.Cases[1], s.Cases[2]
	if small.Name != "orders/small" || small.Event.Source != "/us" || strings.Contains(string(small.Event.Data), "note") ||
		!strings.Contains(string(small.Event.Data), "fragile") || len(small.Event.Headers) != 2 || small.Now.Month() != 1 {
		t.Errorf("%+v %s", small.Event, small.Event.Data)
	}
	if len(other.Event.Headers) != 2 || other.Event.Headers[0].Value != "test" || other.Now.Month() != 2 || other.Event.Source != "/test" {
		t.Errorf("%+v", other.Event)
	}
	if small.Expect.Some != nil || small.Expect.Not == nil {
		t.Error("a row that says expect has no expect_some of its test, and its not")
	}
}

// TestNumbersOfPayloads: by value, whatever they look like, and at no cost.
func TestNumbersOfPayloads(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"1", "1.0", true}, {"100", "1e2", true}, {"-0", "0", true}, {"0.1", "1e-1", true}, {"9007199254740993", "9007199254740992", false},
		{"1e1000000000", "1e1000000001", false}, {"1e1000000000", "1e1000000000", true}, {"1", "2", false},
	} {
		s := suiteOf(t, shop(t), "- name: it\n  event: {type: order.placed, data: "+c.a+"}\n  payload: {data: "+c.b+"}\n")
		if got := s.Run(s.Cases, false); (got.Failed == 0) != c.same {
			t.Errorf("%s and %s: same is %v", c.a, c.b, !c.same)
		}
	}
}
