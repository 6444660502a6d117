package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// benchEvent is about 700 bytes of JSON.
const benchData = `{"orderId":"ord-0001234567","customer":{"id":"c-98765","tier":"gold","name":"Ada Lovelace","email":"ada@example.com",` +
	`"address":{"street":"12 St James's Square","city":"London","zip":"SW1Y 4JH","country":"GB"}},"total":249.95,"currency":"EUR",` +
	`"items":[{"sku":"A-100","name":"Vase, glass","quantity":1,"price":89.95,"fragile":true},{"sku":"B-200","name":"Table lamp","quantity":2,` +
	`"price":40.0,"fragile":false},{"sku":"C-300","name":"Bookshelf","quantity":1,"price":80,"fragile":false}],"payment":{"method":"card",` +
	`"status":"authorised","last4":"4242","riskScore":0.0231},"coupon":null,"gift":false,"placedAt":"2026-01-31T12:34:56.789Z","x":150,"channel":"web"}`

func benchRules(b *testing.B, when string) *Matcher {
	var text strings.Builder
	text.WriteString("version: 1\ntargets:\n  q: {queue: {name: q}}\nrules:\n")
	for i := range 9 {
		fmt.Fprintf(&text, "  other%d:\n    on: com.example.other.thing%d\n    when: event.data.x > %d\n    to: q\n", i, i, i)
	}
	fmt.Fprintf(&text, "  wanted:\n    on: com.example.order.placed\n    when: '%s'\n    to: q\n", when)
	_, m, ps := LoadSources(Source{"r.yaml", []byte(text.String())})
	if m == nil {
		b.Fatal(ps)
	}
	return m
}

// BenchmarkMatch is ten rules, of which the type of the event selects one.
func BenchmarkMatch(b *testing.B) {
	for _, bb := range []struct{ name, when string }{
		{"number", `event.data.x > 100`},
		{"attribute", `event.source == "/shop"`},
		{"text", `event.data.customer.tier == "gold" && event.data.total > 100`},
		{"loop", `event.data.items.exists(i, i.fragile)`},
	} {
		b.Run(bb.name, func(b *testing.B) {
			m := benchRules(b, bb.when)
			ev := jsonEvent(benchData)
			var into []Match
			b.SetBytes(int64(len(benchData)))
			b.ReportAllocs()
			for b.Loop() {
				if into = m.Match(ev, into[:0]); len(into) != 1 {
					b.Fatal(into)
				}
			}
		})
	}
}

// BenchmarkMatchAt is Match with what a rule's rollout costs beside it: nothing to
// speak of for rules that have none.
func BenchmarkMatchAt(b *testing.B) {
	for _, bb := range []struct{ name, keys string }{
		{"none", ""}, {"shadow", ", mode: shadow"}, {"until", ", until: 2999-01-01"}, {"sample", ", sample: 0.999999"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			text := "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  r: {on: t, when: event.source == \"/shop\", to: q" + bb.keys + "}\n"
			_, m, problems := LoadSources(Source{"rules.yaml", []byte(text)})
			if problems.HasErrors() {
				b.Fatal(problems)
			}
			ev, now := &cloudevent.Event{ID: "1", Source: "/shop", Type: "t"}, time.Now()
			var into []Match
			b.ReportAllocs()
			for b.Loop() {
				if into = m.MatchAt(ev, now, into[:0]); len(into) != 1 {
					b.Fatal(into)
				}
			}
		})
	}
}

// BenchmarkLoad is a rule set of 10,000 rules.
func BenchmarkLoad(b *testing.B) {
	text := manyRules(10_000)
	for b.Loop() {
		if _, m, ps := LoadSources(Source{"r.yaml", []byte(text)}); m == nil {
			b.Fatal(ps)
		}
	}
}

func manyRules(n int) string {
	var text strings.Builder
	text.WriteString("version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n")
	for i := range n {
		fmt.Fprintf(&text, "  r%d: {on: com.example.t%d, when: event.data.x > %d && event.data.y == \"v%d\", to: q}\n", i, i%100, i, i)
	}
	return text.String()
}
