package cases

import (
	"slices"
	"strings"
	"testing"

	"github.com/wye-events/wye/rules"
)

// TestStories: the examples of the codes of tests have what they are told to
// have, and without it they pass.
func TestStories(t *testing.T) {
	n := 0
	for _, code := range rules.Codes() {
		if code.ID < "WYE100" || code.ID > "WYE119" {
			continue
		}
		n++
		story := code.Story()
		if story.What == "" || story.Why == "" || len(story.Bad) != 1 || len(story.Fixed) != 1 {
			t.Errorf("%s has no story: %+v", code.ID, story)
			continue
		}
		var l Loader
		_, problems := l.LoadSource(story.Bad[0])
		if !slices.ContainsFunc(problems, func(p rules.Problem) bool { return p.Code == code.ID }) {
			t.Errorf("%s: the bad example has %s", code.ID, written(problems))
		}
		suite, problems := l.LoadSource(story.Fixed[0])
		if len(problems) > 0 {
			t.Errorf("%s: the fixed example has %s", code.ID, written(problems))
		} else if r := suite.Run(suite.Cases, false); r.Failed > 0 {
			t.Errorf("%s: %s", code.ID, strings.TrimSpace(said(r)))
		}
	}
	if n != 12 {
		t.Errorf("%d codes", n)
	}
}
