package rulestest

import (
	"fmt"
	"strconv"
)

// MixedAndUnindexable is Mixed(rules) and rules with nothing in them that an
// index could select by: they compute from two fields, look at lengths, choose,
// or ask two things of one element. Each has to be evaluated for every event;
// few are true.
func MixedAndUnindexable(rules, unindexable int) *Set {
	s := Mixed(rules)
	s.Name += "+" + strconv.Itoa(unindexable)
	d := newDice(3)
	for n := range unindexable {
		when := opaque[n%len(opaque)](d)
		s.Rules = append(s.Rules, Rule{Name: fmt.Sprintf("x-%07d", n), On: []string{everything}, When: when, To: pick(d, targets)})
	}
	return s
}

// opaque are the conditions. Their numbers have a point, so that they mean the
// same in plain CEL, where a number of JSON does not combine with an integer.
var opaque = []func(d dice) string{
	func(d dice) string { // two fields subtracted
		return fmt.Sprintf("event.data.amount - event.data.shipping.cost > %d.5", 960+d.below(30))
	},
	func(d dice) string { // two fields, one of them multiplied
		return fmt.Sprintf("event.data.shipping.cost * %d.5 > event.data.amount * 2.0", 1+d.below(3))
	},
	func(d dice) string { // two fields added as text
		return fmt.Sprintf(`event.data.country + "-" + event.data.currency == "%s-CHF" && event.data.amount > event.data.shipping.weight * 20.0`, pick(d, countries))
	},
	func(d dice) string { // length of a text
		return fmt.Sprintf("size(event.data.customer.email) > %d", 37+d.below(3))
	},
	func(d dice) string { // length of a list, and two of its elements
		return fmt.Sprintf("event.data.items.size() > 3 && event.data.items[3].price > event.data.items[0].price * %d.0", 20+d.below(20))
	},
	func(d dice) string { // a text that holds another field
		return fmt.Sprintf(`event.data.customer.email.contains(event.data.tags[0]) || event.data.orderId.endsWith("%03d")`, d.below(1000))
	},
	func(d dice) string { // a choice
		return fmt.Sprintf(`(event.data.payment.captured ? event.data.amount : event.data.shipping.cost) > 99%d.5`, d.below(4))
	},
	func(d dice) string { // two things of one element
		return fmt.Sprintf("event.data.items.exists(i, i.qty > 1 && i.price * i.qty > 9%d0.0)", d.below(10))
	},
	func(d dice) string { // all elements
		return fmt.Sprintf("event.data.items.all(i, i.qty == 3 && i.price > %d.0)", 20+d.below(100))
	},
	func(d dice) string { // how many elements
		return fmt.Sprintf("event.data.items.filter(i, i.price > 1%d.0).size() == 4", 50+d.below(30))
	},
}
