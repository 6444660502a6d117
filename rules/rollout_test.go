package rules

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// loadRule loads one rule with more keys.
func loadRule(t testing.TB, keys string) *Rule {
	t.Helper()
	text := "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  r: {on: t, to: q" + keys + "}\n"
	set, _, problems := LoadSources(Source{"rules.yaml", []byte(text)})
	if problems.HasErrors() {
		t.Fatalf("%s: %v", keys, problems)
	}
	return set.Rules[0]
}

// lots are the lots of some events. They are in docs/rules.md too, where others
// read how to compute them: they must never change.
var lots = []struct {
	source, id string
	lot        string // in hex
	share      float64
}{
	{"/shop", "1", "65638845d47d9559", 0.3960},
	{"/shop", "3", "f2bf72847c7bd792", 0.9482},
	{"/shop", "28", "09a82abf09a47393", 0.0377},
	{"https://shop.example.com/eu", "a-7", "92ffe4468fb90c9f", 0.5742},
	{"/büro", "ö", "329149ad4e44a652", 0.1975},
}

func TestLots(t *testing.T) {
	docs, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lots {
		got := lotOf(l.source, l.id)
		if fmt.Sprintf("%016x", got) != l.lot || math.Abs(math.Ldexp(float64(got), -64)-l.share) > 0.0001 {
			t.Errorf("the lot of %s %s is %016x (%.4f), not %s (%.4f)", l.source, l.id, got, math.Ldexp(float64(got), -64), l.lot, l.share)
		}
		if row := fmt.Sprintf("| `%s` | `%s` | `%s` | %.4f |", l.source, l.id, l.lot, l.share); !strings.Contains(string(docs), row) {
			t.Errorf("docs/rules.md does not have the row %s", row)
		}
	}
}

// TestSampleIsEven: of ids as publishers give them, a sample has the share that
// it says.
func TestSampleIsEven(t *testing.T) {
	alone(t)
	const events = 100_000
	ids := map[string]func(i int) string{
		"numbers":  func(i int) string { return fmt.Sprint(i) },
		"names":    func(i int) string { return fmt.Sprintf("order-%08d", i) },
		"hex":      func(i int) string { return fmt.Sprintf("%032x", i*2_654_435_761) },
		"same end": func(i int) string { return fmt.Sprintf("%d/created", i) },
	}
	for name, id := range ids {
		for _, share := range []float64{0.001, 0.05, 0.5, 0.9} {
			r, in := loadRule(t, fmt.Sprintf(", sample: %v", share)), 0
			for i := range events {
				if r.Part(&cloudevent.Event{Source: "/shop", ID: id(i)}, time.Time{}) == PartLive {
					in++
				}
			}
			spread := math.Sqrt(events * share * (1 - share))
			if off := math.Abs(float64(in) - events*share); off > 4*spread {
				t.Errorf("%s: of %d events a sample of %v has %d", name, events, share, in)
			}
		}
	}
}

// TestSamplesNest: an event that is in a sample is in every larger one.
func TestSamplesNest(t *testing.T) {
	shares := []float64{leastSample, 0.001, 0.05, 0.2, 0.5, math.Nextafter(1, 0), 1}
	for i := range 20_000 {
		ev := &cloudevent.Event{Source: "/shop", ID: fmt.Sprint(i)}
		was := false
		for _, share := range shares {
			is := (&Rule{Sample: share}).Part(ev, time.Time{}) == PartLive
			if was && !is {
				t.Fatalf("event %d is in a smaller sample than %v and not in this", i, share)
			}
			was = is
		}
		if !was {
			t.Fatalf("event %d is not in the sample of all", i)
		}
	}
}

func TestInSample(t *testing.T) {
	for _, c := range []struct {
		lot   uint64
		share float64
		want  bool
	}{
		{0, leastSample, true}, {math.MaxUint64, 1, true},
		{1<<63 - 1, 0.5, true}, {1 << 63, 0.5, false},
		{1<<62 - 1, 0.25, true}, {1 << 62, 0.25, false},
		{math.MaxUint64 - 2048, math.Nextafter(1, 0), true}, {math.MaxUint64, math.Nextafter(1, 0), false},
	} {
		if got := inSample(c.lot, c.share); got != c.want {
			t.Errorf("%x in %v: %v", c.lot, c.share, got)
		}
	}
}

func TestPart(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	in, out := &cloudevent.Event{Source: "/shop", ID: "1"}, &cloudevent.Event{Source: "/shop", ID: "3"} // 0.3960 and 0.9482
	early, late := at("2027-01-31T11:59:59.999999999Z"), at("2027-01-31T12:00:00Z")
	for _, c := range []struct {
		keys     string
		ev       *cloudevent.Event
		accepted time.Time
		want     Part
		state    Part
	}{
		{"", in, late, PartLive, PartLive},
		{", mode: live, sample: 1", out, late, PartLive, PartLive},
		{", mode: shadow", in, late, PartShadow, PartShadow},
		{", sample: 0.5", in, late, PartLive, PartLive},
		{", sample: 0.5", out, late, PartUnsampled, PartLive},
		{", sample: 0.5, mode: shadow", in, late, PartShadow, PartShadow},
		{", sample: 0.5, mode: shadow", out, late, PartUnsampled, PartShadow},
		{", until: 2027-01-31T12:00:00Z", in, early, PartLive, PartLive},
		{", until: 2027-01-31T12:00:00Z", in, late, PartOver, PartOver},
		{", until: 2027-01-31T13:00:00+01:00", in, early, PartLive, PartLive},
		{", until: 2027-01-31T13:00:00+01:00", in, late, PartOver, PartOver},
		{", until: 2027-01-31", in, at("2027-01-30T23:59:59Z"), PartLive, PartLive},
		{", until: 2027-01-31", in, at("2027-01-31T00:00:00Z"), PartOver, PartOver},
		{", until: 2027-01-31", in, at("2027-01-31T00:30:00+01:00"), PartLive, PartLive},
		{", until: 2027-01-31, mode: shadow, sample: 0.5", out, late, PartOver, PartOver},
		{", until: 2027-01-31T12:00:00Z, mode: shadow, sample: 0.5", in, early, PartShadow, PartShadow},
	} {
		r := loadRule(t, c.keys)
		if got := r.Part(c.ev, c.accepted); got != c.want || got.Matches() != (got == PartLive || got == PartShadow) {
			t.Errorf("{%s} plays %s for event %s at %v, not %s", c.keys, got, c.ev.ID, c.accepted, c.want)
		}
		if got := r.State(c.accepted); got != c.state {
			t.Errorf("{%s} is %s at %v, not %s", c.keys, got, c.accepted, c.state)
		}
	}
}

// TestReloadSeesRollout: a rule of which only this changes is another rule to a
// loader that knows it.
func TestReloadSeesRollout(t *testing.T) {
	var l Loader
	for _, keys := range []string{"", "    mode: shadow\n", "    sample: 0.5\n", "    until: 2027-01-31\n", "    until: 2027-01-31T00:00:01Z\n", ""} {
		text := "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  r:\n    on: t\n    to: q\n" + keys
		set, m, problems := l.LoadSources(Source{"rules.yaml", []byte(text)})
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		r, want := set.Rules[0], loadRule(t, strings.NewReplacer("    ", ", ", "\n", "").Replace(keys))
		if r.Mode != want.Mode || r.Sample != want.Sample || !r.Until.Equal(want.Until) || m.Rules()[0].Rule != r {
			t.Errorf("%q is %+v", keys, r)
		}
	}
}

func TestOver(t *testing.T) {
	text := `version: 1
targets: {q: {queue: {name: q}}}
rules:
  christmas:
    on: com.example.order.placed
    until: 2026-12-27
    to: q
  later:
    on: com.example.order.placed
    until: 2027-12-27
    to: q
  off: {on: t, to: q, enabled: false, until: 2020-01-01}
  trial: {on: t, to: q, until: "2026-12-24T18:00:00+01:00"}
`
	set, _, problems := LoadSources(Source{"rules.yaml", []byte(text)})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	before := set.Over(time.Date(2026, 12, 24, 16, 59, 59, 0, time.UTC))
	if len(before) > 0 {
		t.Errorf("over before its time: %v", before)
	}
	want := `rules.yaml:6:12: warning WYE035: rule "christmas" is over: it matches nothing that was accepted since 2026-12-27T00:00:00Z
    until: 2026-12-27
           ^
    hint: remove the rule; or let it go on: give it another "until", or none
rules.yaml:13:32: warning WYE035: rule "trial" is over: it matches nothing that was accepted since 2026-12-24T17:00:00Z
    trial: {on: t, to: q, until: "2026-12-24T18:00:00+01:00"}
                                 ^
    hint: remove the rule; or let it go on: give it another "until", or none
`
	want = strings.ReplaceAll(want, `"until",`, "`until`,")
	got := report(t, set.Over(time.Date(2026, 12, 27, 0, 0, 0, 0, time.UTC)))
	if got != want {
		t.Errorf("the report is\n%s\nnot\n%s", got, want)
	}
}
