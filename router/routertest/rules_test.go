package routertest_test

import (
	"fmt"
	"strings"

	"github.com/wye-events/wye/router/routertest"
)

// oneRule is a rule file in which one rule, "all", sends everything to these
// targets, each "name: {…}".
func oneRule(targets ...string) string {
	var names []string
	text := "version: 1\ntargets:\n"
	for _, t := range targets {
		name, _, _ := strings.Cut(t, ":")
		names = append(names, name)
		text += "  " + t + "\n"
	}
	return text + fmt.Sprintf("rules:\n  all: {on: \"**\", to: [%s]}\n", strings.Join(names, ", "))
}

// to is an HTTP target; more is put beside its kind.
func to(name string, r *routertest.Receiver, more ...string) string {
	return fmt.Sprintf("%s: {%s}", name, strings.Join(append([]string{fmt.Sprintf("http: {url: %q}", r.URL())}, more...), ", "))
}

const (
	// quickly tries again at once, and often.
	quickly = "retry: {first: 1ms, max: 5ms, attempts: 200}"
	// seldom would make a test that waits for its second attempt fail.
	seldom = "retry: {first: 1h, max: 1h}"
)
