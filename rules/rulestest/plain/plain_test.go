package plain_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/rulestest"
	"github.com/wye-events/wye/rules/rulestest/plain"
)

// TestSameAnswer holds the baseline to giving Wye's answer on the sets that both
// are measured with: what is quicker must not be so because it does less.
func TestSameAnswer(t *testing.T) {
	for _, s := range []*rulestest.Set{
		rulestest.Mixed(1), rulestest.Mixed(1000), rulestest.HotLists(1000),
		rulestest.MixedAndUnindexable(100, 100), rulestest.AttributesOnly(1000),
	} {
		_, wye, problems := rules.LoadSources(rulestest.Sources[rules.Source](s)...)
		if wye == nil {
			t.Fatal(problems)
		}
		cel, err := plain.New(s.Rules)
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range s.Events[:50] {
			var want, got []string
			for _, m := range wye.MatchOneByOne(ev, nil) {
				want = append(want, m.Rule.Name)
			}
			matched, err := cel.Match(ev, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range matched {
				got = append(got, s.Rules[i].Name)
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s (-wye +plain cel-go):\n%s%s", s.Name, ev.ID, diff, ev.Data)
			}
		}
	}
}
