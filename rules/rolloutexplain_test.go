package rules

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/schemas/cloudevent"
)

const rolloutRules = `version: 1
targets:
  live: {queue: {name: live}}
  trial: {queue: {name: trial}}
rules:
  fails: {on: t, when: event.data.total > "1", to: trial, on_error: match, mode: shadow}
  goes: {on: t, to: live}
  in-sample: {on: t, when: event.data.total > 1, to: live, sample: 0.4, until: 2027-02-01}
  not-met: {on: t, when: event.data.total > 1000, to: trial, sample: 0.05}
  off: {on: t, to: trial, enabled: false, mode: shadow}
  over: {on: t, to: trial, until: "2027-01-31T13:00:00+01:00"}
  shadow: {on: t, when: event.data.total > 1, to: trial, mode: shadow}
  unsampled: {on: t, when: event.data.total > 1, to: trial, sample: 0.3, mode: shadow}
`

// rolloutEvent has the lot 0.3960.
var rolloutEvent = &cloudevent.Event{ID: "1", Source: "/shop", Type: "t", DataContentType: "application/json", Data: []byte(`{"total": 250}`)}

func rolloutMatcher(t *testing.T) *Matcher {
	t.Helper()
	_, m, problems := LoadSources(Source{"rules.yaml", []byte(rolloutRules)})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return m
}

func TestExplainRollout(t *testing.T) {
	at := time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)
	x := explanation(t, rolloutMatcher(t), rolloutEvent, ExplainOptions{Accepted: at})
	x.Version = "v"
	var b strings.Builder
	if err := x.Write(&b, false); err != nil {
		t.Fatal(err)
	}
	want := `t  id 1  source /shop
2 of 8 rules match, 3 are held back, 1 failed, so it goes to live (rule set v)

✓ goes        to live
✓ in-sample   to live (sample 40 %, until 2027-02-01T00:00:00Z)

○ over        not to trial: it matched, but the rule is over since 2027-01-31T12:00:00Z
○ shadow      not to trial: it matched; shadow: delivers nothing
○ unsampled   not to trial: it matched, but the event is not in the sample of 30 %

! fails       failed, and is held back, so not to trial (shadow)   rules.yaml:6:24
    ! event.data.total > "1"
      250
      > cannot be used between the number 250 and the text "1"

✗ not-met     not to trial (sample 5 %)   rules.yaml:9:26
    ✗ event.data.total > 1000
      250

- off         not to trial: it is disabled; otherwise it would match (shadow)
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	var back Explanation
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(x, &back); diff != "" {
		t.Errorf("after JSON:\n%s", diff)
	}
	if got := strings.Join(x.Matched, " "); got != "goes in-sample" {
		t.Errorf("matched: %s", got)
	}
}

// TestExplainRolloutAgrees: what an explanation says of each rule is what MatchAt
// says, before and after the end of a rule.
func TestExplainRolloutAgrees(t *testing.T) {
	m := rolloutMatcher(t)
	for _, c := range []struct {
		at   time.Time
		live string
		all  string
	}{
		{time.Time{}, "goes in-sample over", "fails goes in-sample over shadow"},
		{time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC), "goes in-sample", "fails goes in-sample shadow"},
		{time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC), "goes", "fails goes shadow"},
	} {
		var live, all []string
		for _, found := range m.MatchAt(rolloutEvent, c.at, nil) {
			all = append(all, found.Rule.Name)
			if !found.Rule.Shadow() {
				live = append(live, found.Rule.Name)
			}
		}
		x := explanation(t, m, rolloutEvent, ExplainOptions{Accepted: c.at})
		if strings.Join(live, " ") != c.live || strings.Join(all, " ") != c.all || strings.Join(x.Matched, " ") != c.live {
			t.Errorf("at %v: live %v, all %v, explained as matched %v", c.at, live, all, x.Matched)
		}
	}
}

// TestMatchAtAppends: what was in the list before stays.
func TestMatchAtAppends(t *testing.T) {
	m := rolloutMatcher(t)
	before := []Match{{Rule: m.Rules()[3]}}
	if all := m.MatchAt(rolloutEvent, time.Time{}, before); len(all) != 6 || all[0].Rule != m.Rules()[3] {
		t.Errorf("%v", all)
	}
}
