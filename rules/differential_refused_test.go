package rules

import (
	"strings"
	"testing"
)

// TestRefusedBesideAccepted: what loading one condition has learned never lets
// another in that is wrong, nor keeps one out that is right.
func TestRefusedBesideAccepted(t *testing.T) {
	refused := 0
	for seed := range uint64(10) {
		w := newWorld(seed)
		rules := w.rules(12)
		for i := range rules {
			if rules[i].when == nil {
				continue
			}
			v, err := w.variant(rules[i].when), error(nil)
			for range 4 {
				if _, err = oracleProgram(v.String()); err != nil {
					break
				}
				v = w.variant(v)
			}
			if err == nil {
				continue
			}
			refused++
			wrong := genRule{name: "wrong", on: []string{"**"}, when: v}
			twice := genRule{name: "twice", on: []string{"**"}, when: rules[i].when}
			if _, err := loaded(source([]genRule{rules[i], twice, wrong})); err == nil || !strings.Contains(err.Error(), "WYE04") {
				t.Errorf("seed %d: beside\n%s\nthis is accepted, or refused for another reason:\n%s\n%v", seed, rules[i].when, v, err)
			}
		}
	}
	if refused < 10 {
		t.Errorf("only %d conditions were wrong", refused)
	}
	t.Logf("%d conditions were wrong", refused)
}
