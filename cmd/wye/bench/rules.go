package bench

import (
	"fmt"
	"strings"
)

// workers is how many deliveries are under way at once, in the loop as in Wye.
const workers = 64

// The events of a benchmark match the last of ten rules, or none.
const (
	ruleCount     = 10
	matchingType  = "com.example.bench.r9"
	unmatchedType = "com.example.bench.none"
)

// ruleTypes are the types that the ten rules are for.
func ruleTypes() []string {
	types := make([]string, ruleCount)
	for i := range types {
		types[i] = fmt.Sprintf("com.example.bench.r%d", i)
	}
	return types
}

// ruleConditions are what else they ask for. All of them hold for the body that
// is sent, so that only the type decides.
func ruleConditions() []string {
	conditions := []string{
		`event.data.total > 100 && event.data.region == "eu"`,
		`event.data.total > 100`,
		`event.data.status == "placed" && event.data.total < 1000`,
		`event.data.customer.tier == "gold"`,
		`event.data.total > 100 && event.data.items.exists(i, i.fragile)`,
	}
	return append(conditions, conditions...)
}

// loopConditions are the rules in one expression each, for a program that has
// nothing but CEL.
func loopConditions() []string {
	types, conditions := ruleTypes(), ruleConditions()
	for i := range conditions {
		conditions[i] = fmt.Sprintf("event.type == %q && %s", types[i], conditions[i])
	}
	return conditions
}

// ruleFile is the same rules as Wye's rule file.
func ruleFile(sink string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\ntargets:\n  sink: {http: {url: %q}, concurrency: %d}\nrules:\n", sink, workers)
	types, conditions := ruleTypes(), ruleConditions()
	for i := range conditions {
		fmt.Fprintf(&b, "  r%d: {on: %s, when: '%s', to: sink}\n", i, types[i], conditions[i])
	}
	return b.String()
}
