package faults

import (
	"fmt"
	"strings"
	"time"
)

// target is one HTTP target of a rule file.
func target(name, url string, more ...string) string {
	return fmt.Sprintf("  %s: {%s}\n", name, strings.Join(append([]string{fmt.Sprintf("http: {url: %q}", url)}, more...), ", "))
}

// timed is an HTTP target that must answer within a time.
func timed(name, url string, timeout time.Duration, more ...string) string {
	kind := fmt.Sprintf("http: {url: %q, timeout: %dms}", url, timeout.Milliseconds())
	return fmt.Sprintf("  %s: {%s}\n", name, strings.Join(append([]string{kind}, more...), ", "))
}

// rule sends one type of event to some targets.
func rule(name, on string, to ...string) string {
	return fmt.Sprintf("  %s: {on: %q, to: [%s]}\n", name, on, strings.Join(to, ", "))
}

func file(targets, rules string) string {
	return "version: 1\ntargets:\n" + targets + "rules:\n" + rules
}
