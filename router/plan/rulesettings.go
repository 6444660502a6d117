package plan

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wye-events/wye/rules"
)

// Setting is one thing that is set differently now.
type Setting struct {
	Name string `json:"name"` // as in the rule file: when, rate.per_second, header authorization
	How  string `json:"how"`  // "changed", "added" or "removed"
	// Before and After are what was set. Both are left out where that may be a
	// secret, and one of them where there was, or is, nothing.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// named is a setting of one side.
type named struct{ name, value string }

// settingsOf are the settings of a rule that have an effect, all of them and in
// the same order for every rule.
func settingsOf(r *rules.Rule) []named {
	to := slices.Sorted(slices.Values(r.To))
	return []named{
		{"on", strings.Join(r.On, ", ")},
		{"when", r.When},
		{"to", strings.Join(to, ", ")},
		{"on_error", string(r.OnError)},
		{"enabled", strconv.FormatBool(r.Enabled)},
		{"mode", string(r.Mode)},
		{"sample", number(r.Sample)},
		{"until", untilOf(r)},
	}
}

func untilOf(r *rules.Rule) string {
	if r.Until.IsZero() {
		return ""
	}
	return r.Until.UTC().Format(time.RFC3339)
}

// ruleSettings are the settings in which two rules differ.
func ruleSettings(old, new *rules.Rule) (all []Setting) {
	before, after := settingsOf(old), settingsOf(new)
	for i := range before {
		all = append(all, differing(before[i].name, before[i].value, after[i].value)...)
	}
	return all
}

// differing is a setting, if it differs.
func differing(name, before, after string) []Setting {
	switch {
	case before == after:
		return nil
	case before == "":
		return []Setting{{name, "added", "", after}}
	case after == "":
		return []Setting{{name, "removed", before, ""}}
	}
	return []Setting{{name, "changed", before, after}}
}
