package rules

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// keyOf loads a rule set with one ordered target.
func keyOf(t *testing.T, by string) *Key {
	t.Helper()
	text := fmt.Sprintf("version: 1\ntargets:\n  t:\n    queue: {name: q}\n    order:\n      by: |\n        %s\n", strings.ReplaceAll(by, "\n", "\n        "))
	_, m, problems := LoadSources(Source{"r.yaml", []byte(text)})
	if m == nil {
		t.Fatal(report(t, problems))
	}
	return m.Order("t")
}

func keyEvent(data string) *cloudevent.Event {
	ev := jsonEvent(data)
	ev.Subject, ev.Time = "order/5", "2026-01-31T12:00:00Z"
	ev.Extensions = []cloudevent.Extension{{Name: "partitionkey", Value: "p-7"}, {Name: "urgent", Value: true}, {Name: "x", Value: int32(-3)}}
	ev.Headers = []cloudevent.Header{{Name: "x-tenant", Value: "acme"}}
	return ev
}

func TestKeyOf(t *testing.T) {
	ev := keyEvent(`{"n": 5, "half": 2.5, "big": 18446744073709551615, "huge": 1e300, "b": false, "s": "Jörg\u0021", "empty": "", "null": null, "l": [1], "o": {"a": 1}, "long": "` + strings.Repeat("x", 257) + `", "most": "` + strings.Repeat("x", 256) + `"}`)
	const long = len("sha256:") + 64
	for by, want := range map[string]string{
		`event.subject`:                       "order/5",
		`event.partitionkey`:                  "p-7",
		`event.id + "/" + event.source`:       ev.ID + "/" + ev.Source,
		`event.urgent`:                        "true",
		`event.x`:                             "-3",
		`event.data.n`:                        "5",
		`event.data.half`:                     "2.5",
		`event.data.big`:                      "18446744073709551615",
		`event.data.huge`:                     "1e+300",
		`event.data.b`:                        "false",
		`event.data.s`:                        "Jörg!",
		`string(event.time)`:                  "2026-01-31T12:00:00Z",
		`headers["x-tenant"] + event.subject`: "acmeorder/5",
		`"one"`:                               "one",
		`7`:                                   "7",
		`has(event.subject) ? event.subject : "-"`: "order/5",
		`event.data.l.map(i, string(i))[0]`:        "1",
		"event.data.s +\n  event.subject":          "Jörg!order/5",
		// What is absent, null or empty is no key.
		`event.sequence`:                    "",
		`event.data.nope`:                   "",
		`event.data.nope + event.subject`:   "",
		`event.data.l[5]`:                   "",
		`headers["x-nope"]`:                 "",
		`event.data["null"]`:                "",
		`event.data.empty`:                  "",
		`""`:                                "",
		`event.data.empty + event.data.s`:   "Jörg!",
		`has(event.data.nope) ? "a" : "b"`:  "b",
		`event.dataschema + event.data.s`:   "",
		`event.data.long.size()`:            "257",
		`event.data.n * 0.0 - 0.0`:          "0",
		`event.data.half * -0.0`:            "0",
		`event.data.n / 2.0 * 2.0`:          "5",
		`event.data.n == 5 ? 1.0e3 : 1.0`:   "1000",
		`double(event.data.n) * 1.0e18`:     "5000000000000000000",
		`dyn(event).source == event.source`: "true",
	} {
		if got, err := keyOf(t, by).Of(ev); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", by, got, err, want)
		}
	}
	one, _ := keyOf(t, `event.data.long`).Of(ev)
	same, _ := keyOf(t, `event.data.long + ""`).Of(ev)
	other, _ := keyOf(t, `event.data.long + "x"`).Of(ev)
	if one != same || one == other || len(one) != long || len(other) != long || !strings.HasPrefix(one, "sha256:") {
		t.Errorf("long keys: %q, %q, %q", one, same, other)
	}
	if whole, _ := keyOf(t, `event.data.most`).Of(ev); len(whole) != 256 {
		t.Errorf("a key of 256 bytes: %q", whole)
	}
}

func TestKeyFails(t *testing.T) {
	ev := keyEvent(`{"n": 5, "s": "a", "l": [1], "o": {"a": 1}, "many": [` + strings.Repeat("1,", 999) + `1]}`)
	for by, want := range map[string]string{
		`event.data.l`:                   "the order key failed: its result is a list, not a text, a number, or true or false",
		`event.data.o`:                   "the order key failed: its result is an object, not a text, a number, or true or false",
		`event.data.n + event.data.s`:    "the order key failed: + cannot be used between the number 5 and the text \"a\"",
		`event.data.n / 0`:               "the order key failed: it divides by zero",
		`event.data.n.exists(i, i == 1)`: "the order key failed: a list or an object was expected where the key loops",
		`event.data.many.all(a, event.data.many.all(b, a == b))`: "the order key failed: it takes too long on this event (more than 100000 steps)",
	} {
		got, err := keyOf(t, by).Of(ev)
		if got != "" || err == nil || err.Error() != want {
			t.Errorf("%s: %q, %v; want %s", by, got, err, want)
		}
	}
	bad := jsonEvent(`{"n": `)
	if _, err := keyOf(t, `event.data.n`).Of(bad); err == nil || !strings.Contains(err.Error(), "is not the JSON") {
		t.Error(err)
	}
	if key, err := keyOf(t, `event.type`).Of(bad); key != bad.Type || err != nil {
		t.Error(key, err)
	}
}

// TestKeyNumbers: one value is one key, however it is written.
func TestKeyNumbers(t *testing.T) {
	k := keyOf(t, `event.data.n`)
	for want, all := range map[string][]string{
		"1":                    {"1", "1.0", "1e0", "10e-1", "0.1e1", "1.000"},
		"-5":                   {"-5", "-5.0", "-50e-1"},
		"0":                    {"0", "0.0", "-0", "-0.0", "0e5"},
		"9007199254740993":     {"9007199254740993", "9007199254740993.0"},
		"18446744073709551615": {"18446744073709551615", "1844674407370955161.5e1"},
		"0.1":                  {"0.1", "1e-1", "0.10"},
	} {
		for _, n := range all {
			if got, err := k.Of(jsonEvent(`{"n": ` + n + `}`)); got != want || err != nil {
				t.Errorf("%s: %q, %v; want %q", n, got, err, want)
			}
		}
	}
}

// TestPlainKeys: the short way says what CEL says.
func TestPlainKeys(t *testing.T) {
	evs := []*cloudevent.Event{keyEvent(`{}`), jsonEvent(`{}`), {ID: "1", Source: "/s", Type: "a", Subject: strings.Repeat("é", 200)}}
	for _, name := range []string{"id", "source", "type", "subject", "datacontenttype", "dataschema", "specversion", "partitionkey", "urgent", "x", "y"} {
		k := keyOf(t, "event."+name)
		byCEL := &Key{program: k.program}
		for i, ev := range evs {
			want, wantErr := byCEL.Of(ev)
			if got, err := k.Of(ev); got != want || err != nil || wantErr != nil {
				t.Errorf("event.%s of event %d: %q, %v; by CEL %q, %v", name, i, got, err, want, wantErr)
			}
		}
	}
	ev := keyEvent(`{}`)
	for _, by := range []string{"event.subject", "event.partitionkey"} {
		k := keyOf(t, by)
		if n := testing.AllocsPerRun(100, func() { k.Of(ev) }); n > 0 {
			t.Errorf("%s allocates %v times", by, n)
		}
	}
}

func TestKeyForMany(t *testing.T) {
	for _, by := range []string{`event.data.x`, `event.data.list.map(i, string(i))[0]`, `event.subject`} {
		k := keyOf(t, by)
		var askers sync.WaitGroup
		for asker := range 8 {
			askers.Go(func() {
				for i := range 300 {
					want := fmt.Sprint(asker*1000 + i)
					ev := jsonEvent(fmt.Sprintf(`{"x": %s, "list": [%s]}`, want, want))
					ev.Subject = want
					if got, err := k.Of(ev); got != want || err != nil {
						t.Errorf("%s: %q, %v; want %q", by, got, err, want)
						return
					}
				}
			})
		}
		askers.Wait()
	}
}

// TestOrdersOverReloads: every matcher knows the orders of its set, and a key
// that is as it was is not compiled again.
func TestOrdersOverReloads(t *testing.T) {
	targets := "version: 1\ntargets:\n  a:\n    queue: {name: a}\n    order: event.data.a\n  b: {queue: {name: b}, order: {by: event.data.b + 1}}\n  c: {queue: {name: c}}\n"
	rule := func(n int) string {
		return fmt.Sprintf("version: 1\nrules:\n  r%d:\n    on: t%d\n    to: a\n", n, n)
	}
	var l Loader
	load := func(files ...string) *Matcher {
		t.Helper()
		sources := make([]Source, len(files))
		for i, f := range files {
			sources[i] = Source{fmt.Sprintf("%d.yaml", i), []byte(f)}
		}
		_, m, problems := l.LoadSources(sources...)
		if m == nil {
			t.Fatal(report(t, problems))
		}
		return m
	}
	first := load(targets, rule(1))
	a, b := first.Order("a"), first.Order("b")
	if a == nil || b == nil || a == b || first.Order("c") != nil || first.Order("none") != nil {
		t.Fatal("not every target has its own order")
	}
	for what, m := range map[string]*Matcher{
		"the same set":      load(targets, rule(1)),
		"another rule":      load(targets, rule(2)),
		"one rule more":     load(targets, rule(2), rule(3)),
		"rules beside them": load(targets+strings.TrimPrefix(rule(4), "version: 1\n"), rule(2), rule(3)),
		"many rules":        load(targets, manyPlainRules(2000)),
		"and as before":     load(targets, rule(1)),
	} {
		if m.Order("a") != a || m.Order("b") != b || m.Order("c") != nil {
			t.Errorf("%s: the keys are others", what)
		}
	}
	moved := load(strings.Replace(targets, "  c:", "  e: {queue: {name: e}, order: event.data.a}\n  c:", 1), rule(1))
	if moved.Order("a") != a || moved.Order("e") != a {
		t.Error("a key that did not change was compiled again")
	}
	if _, m, _ := l.LoadSources(Source{"0.yaml", []byte(strings.Replace(targets, "data.a", "dat.a", 1))}); m != nil {
		t.Error("a wrong key loads")
	}
	changed := load(strings.Replace(targets, "event.data.a", "event.type", 1), rule(1))
	if k := changed.Order("a"); k == a || k == nil || changed.Order("b") != b {
		t.Error("the key did not change, or another did")
	}
	if key, err := changed.Order("a").Of(keyEvent(`{}`)); key != keyEvent(`{}`).Type || err != nil {
		t.Error(key, err)
	}
	if gone := load(strings.Replace(targets, "    order: event.data.a\n", "", 1), rule(1)); gone.Order("a") != nil || gone.Order("b") != b {
		t.Error("an order that was removed is still there")
	}
}

func manyPlainRules(n int) string {
	var b strings.Builder
	b.WriteString("version: 1\nrules:\n")
	for i := range n {
		fmt.Fprintf(&b, "  r%05d:\n    on: t%d\n    to: a\n", i, i)
	}
	return b.String()
}

// FuzzKey: a text is refused with a place, or a key that gives every event the
// same short text each time.
func FuzzKey(f *testing.F) {
	for _, by := range []string{`event.subject`, `event.data.a + "x"`, `[event.data.a][0]`, `event.time`, `event.data.l.map(i, i)`, `1.0 / 3`, `headers["a"]`, `("`} {
		f.Add(by)
	}
	evs := []*cloudevent.Event{keyEvent(`{"a": 1, "l": [1, 2]}`), keyEvent(`{"a": "b", "l": {}}`), jsonEvent(`[`)}
	f.Fuzz(func(t *testing.T, by string) {
		k, faults := newKey(by)
		if (k == nil) != (len(faults) > 0) {
			t.Fatalf("key %v with %v", k, faults)
		}
		for _, fault := range faults {
			if fault.offset < 0 || fault.message == "" || fault.code == "" {
				t.Fatalf("%+v", fault)
			}
		}
		for _, ev := range evs {
			if k == nil {
				continue
			}
			key, err := k.Of(ev)
			again, errAgain := k.Of(ev)
			if len(key) > maxKey || key != again || (err == nil) != (errAgain == nil) || err != nil && key != "" {
				t.Fatalf("%q, %v, then %q, %v", key, err, again, errAgain)
			}
		}
	})
}

// TestKeyIsItsOwn: a key outlives the event, whose data is used again.
func TestKeyIsItsOwn(t *testing.T) {
	ev := jsonEvent(`{"s": "abc"}`)
	key, err := keyOf(t, `event.data.s`).Of(ev)
	copy(ev.Data, `{"s": "xyz"}`)
	if key != "abc" || err != nil {
		t.Error(key, err)
	}
}
