package rulestest

import (
	"fmt"
	"strconv"
)

// hotTypes is how many types of event the rules of HotLists share.
const hotTypes = 10

// HotLists is a rule set in which nothing tells rules apart but a threshold: ten
// types of event, three of twenty countries, and an amount. For an event,
// 3/200 of all rules have its type and country (1,500 of 100,000), and about
// four of them are true.
func HotLists(rules int) *Set {
	w := newWorld(rules, 2)
	w.types = hotTypes
	w.threshold = thresholds(4, 3.0/200*float64(rules))
	s := &Set{Name: "hot-" + strconv.Itoa(rules)}
	for n := range rules {
		in := three(w.dice, countries)
		s.Rules = append(s.Rules, Rule{
			Name: fmt.Sprintf("hot-%07d", n), On: []string{typeName(w.below(hotTypes))}, To: pick(w.dice, targets),
			When: fmt.Sprintf("event.data.country in [%q, %q, %q] && event.data.amount > %s", in[0], in[1], in[2], w.money(w.unit()*w.threshold)),
		})
	}
	for n := range events {
		s.Events = append(s.Events, w.order(n, 0))
	}
	return s
}
