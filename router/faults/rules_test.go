package faults

import (
	"fmt"
	"strings"
)

// target is one HTTP target of a rule file.
func target(name, url string, more ...string) string {
	return fmt.Sprintf("  %s: {%s}\n", name, strings.Join(append([]string{fmt.Sprintf("http: {url: %q}", url)}, more...), ", "))
}

// rule sends one type of event to some targets.
func rule(name, on string, to ...string) string {
	return fmt.Sprintf("  %s: {on: %q, to: [%s]}\n", name, on, strings.Join(to, ", "))
}

func file(targets, rules string) string {
	return "version: 1\ntargets:\n" + targets + "rules:\n" + rules
}
