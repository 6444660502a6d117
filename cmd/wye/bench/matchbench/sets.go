package matchbench

import (
	"fmt"
	"slices"

	"github.com/wye-events/wye/rules/rulestest"
)

// set is one line of the table: rules and events, and what is expected of them.
type set struct {
	name  string
	rules int
	build func() *rulestest.Set

	// What a match may cost at most and what it is meant to cost, in F; 0 where
	// nothing is expected.
	atMost, aim float64
	// residual says that conditions are left to evaluate one by one, so that
	// some memory may be allocated for an event.
	residual bool
	// attributes says that no rule asks for the data.
	attributes bool
}

const (
	// large is up to how many rules a set is quick.
	large = 10_000
	// mostPlain is up to how many rules cel-go alone is measured: with a
	// million it takes about a second for one event.
	mostPlain = 100_000
)

// The sets that are compared with each other.
const (
	tenRules         = "mixed-10"
	hundredThousand  = "mixed-100000"
	attributesOnly   = "attributes-1000"
	unindexableRules = 100
)

func allSets() []set {
	return []set{
		mixed(1, 0, 0),
		mixed(10, 3, 2),
		mixed(100, 3, 2),
		mixed(1000, 3, 2),
		mixed(10_000, 0, 0),
		mixed(100_000, 4.5, 2.5),
		mixed(1_000_000, 10, 6),
		{name: "hot-100000", rules: 100_000, build: func() *rulestest.Set { return rulestest.HotLists(100_000) }, atMost: 14, aim: 5},
		{name: "mixed-1000+100", rules: 1000 + unindexableRules, residual: true, atMost: 85, aim: 33,
			build: func() *rulestest.Set { return rulestest.MixedAndUnindexable(1000, unindexableRules) }},
		{name: attributesOnly, rules: 1000, attributes: true, build: func() *rulestest.Set { return rulestest.AttributesOnly(1000) }},
	}
}

func mixed(rules int, atMost, aim float64) set {
	return set{
		name: fmt.Sprintf("mixed-%d", rules), rules: rules, atMost: atMost, aim: aim,
		build: func() *rulestest.Set { return rulestest.Mixed(rules) },
	}
}

// Sets are the names that Only may hold, in the order of the report.
func Sets() (names []string) {
	for _, s := range allSets() {
		names = append(names, s.name)
	}
	return names
}

func choose(cfg Config) []set {
	return slices.DeleteFunc(allSets(), func(s set) bool {
		if len(cfg.Only) > 0 {
			return !slices.Contains(cfg.Only, s.name)
		}
		return cfg.Quick && s.rules > large
	})
}
