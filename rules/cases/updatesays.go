package cases

import (
	"slices"

	"github.com/wye-events/wye/rules"
)

// says tells whether the new text says what it is to say: what was written fits
// what came out, and all else is as it was.
func (u *updater) says(text string, failed []*Result) bool {
	now, problems := rules.ReadTests(rules.Source{Name: u.file.Name, Text: []byte(text)})
	if now == nil || len(problems) > 0 || len(now.Cases) != len(u.file.Cases) {
		return false
	}
	wrote := map[rules.Place]*Result{}
	for _, r := range failed {
		if u.wrote[r.Case] != nil {
			wrote[r.Case.Place] = r
		}
	}
	for i := range now.Cases {
		if !u.sameCase(&u.file.Cases[i], &now.Cases[i], wrote) {
			return false
		}
	}
	return sameButPlaces(u.file.Samples, now.Samples)
}

func (u *updater) sameCase(before, after *rules.TestCase, wrote map[rules.Place]*Result) bool {
	if len(before.Rows) != len(after.Rows) {
		return false
	}
	for i := range before.Rows {
		if !u.sameCase(&before.Rows[i], &after.Rows[i], wrote) {
			return false
		}
	}
	then, now := *before, *after
	then.Rows, now.Rows = nil, nil
	if r := wrote[before.Place]; r != nil {
		again := *r.Case
		again.Expect = now.Expect
		for _, f := range compare(&again, r.outcome) {
			if slices.Contains(u.wrote[r.Case], f.Key) {
				return false
			}
		}
		for _, key := range u.wrote[r.Case] {
			forget(&then.Expect, key)
			forget(&now.Expect, key)
		}
	}
	return sameButPlaces(then, now)
}

// forget drops what is expected under a key.
func forget(x *rules.TestExpectation, key string) {
	switch key {
	case "expect":
		x.Rules = nil
	case "expect_targets":
		x.Targets = nil
	case "payload":
		x.Payload = nil
	}
}
