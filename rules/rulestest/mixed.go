package rulestest

import (
	"fmt"
	"strconv"
)

// Mixed is a rule set of every shape that people write, as the comment of the
// package says, and 2,000 events with about 700 bytes of data. From 1,000 rules
// on an event matches about five of them. The one rule of Mixed(1) matches every
// event.
func Mixed(rules int) *Set {
	w := newWorld(rules, 1)
	s := &Set{Name: "mixed-" + strconv.Itoa(rules), Rules: w.mixed()}
	for n := range events {
		s.Events = append(s.Events, w.order(n, 0))
	}
	return s
}

// shape is one kind of rule.
type shape struct {
	letter string
	share  int // in percent
	write  func(w *world) (on []string, when string)
}

var shapes = []shape{
	{"a", 25, (*world).sourceOfType},
	{"b", 15, (*world).largeInCountries},
	{"c", 20, (*world).tierOfTenant},
	{"d", 10, (*world).oneCustomer},
	{"e", 10, (*world).highRisk},
	{"f", 8, (*world).twoTypes},
	{"g", 5, (*world).addressLike},
	{"h", 3, (*world).withArticle},
	{"j", 2, (*world).bandOfAmounts},
	{"k", 2, (*world).withoutCoupon},
}

// mixed writes the rules. The shapes take turns so that every beginning of the
// set has their shares too.
func (w *world) mixed() []Rule {
	all := make([]Rule, 0, w.rules)
	written := make([]int, len(shapes))
	for n := range w.rules {
		next, most := 0, -1
		for i, s := range shapes {
			if owed := s.share*(n+1) - 100*written[i]; owed > most {
				next, most = i, owed
			}
		}
		written[next]++
		on, when := shapes[next].write(w)
		all = append(all, Rule{Name: fmt.Sprintf("%s-%07d", shapes[next].letter, n), On: on, When: when, To: pick(w.dice, targets)})
	}
	return all
}

// ofType says that a rule is for a type of event: mostly with `on`, as it should
// be, and once in four in the condition, as people do too.
func (w *world) ofType(name, when string) ([]string, string) {
	if w.rules > 1 && w.oneIn(4) {
		return w.anyType(), fmt.Sprintf("event.type == %q && %s", name, when)
	}
	return []string{name}, when
}

// anyType is the `on` of rules for all types.
func (w *world) anyType() []string {
	return []string{pick(w.dice, []string{everything, "com.acme.**"})}
}

func fromTenant(tenant int) string {
	return fmt.Sprintf("event.source.startsWith(%q)", sourcePrefix(tenant))
}

// money is an amount as a condition has it, now and then a round one.
func (w *world) money(amount float64) string {
	if amount > 100 && w.oneIn(3) {
		return strconv.Itoa(int(amount))
	}
	return strconv.FormatFloat(amount, 'f', 2, 64)
}

func (w *world) sourceOfType() ([]string, string) {
	t := w.tenant()
	return w.ofType(w.typeOf(t, w.below(typesOfTenant)), fromTenant(t))
}

func (w *world) largeInCountries() ([]string, string) {
	in := three(w.dice, countries)
	return w.ofType(typeName(w.below(w.types)), fmt.Sprintf("event.data.amount > %s && event.data.country in [%q, %q, %q]",
		w.money(w.unit()*w.threshold), in[0], in[1], in[2]))
}

func (w *world) tierOfTenant() ([]string, string) {
	return w.anyType(), fmt.Sprintf("event.data.tenant == %q && event.data.customer.tier == %q", tenantName(w.tenant()), pick(w.dice, tiers))
}

func (w *world) oneCustomer() ([]string, string) {
	return w.anyType(), fmt.Sprintf("event.data.customer.id == %q", customerID(w.tenant(), w.below(customers)))
}

func (w *world) highRisk() ([]string, string) {
	t := w.tenant()
	return w.ofType(w.typeOf(t, w.below(typesOfTenant)), fmt.Sprintf("%s && has(event.data.payment.risk) && event.data.payment.risk >= 0.%d",
		fromTenant(t), 3+w.below(6)))
}

func (w *world) twoTypes() ([]string, string) {
	t, i := w.tenant(), w.below(typesOfTenant)
	a, b := w.typeOf(t, i), w.typeOf(t, i+1)
	rest := fromTenant(t) + ` && !(event.data.country == "US")`
	if a == b || w.oneIn(2) {
		return w.anyType(), fmt.Sprintf("(event.type == %q || event.type == %q) && %s", a, b, rest)
	}
	return []string{a, b}, rest
}

func (w *world) addressLike() ([]string, string) {
	return w.anyType(), fmt.Sprintf(`event.data.tenant == %q && event.data.customer.email.matches("%s")`, tenantName(w.tenant()), pick(w.dice, addresses))
}

func (w *world) withArticle() ([]string, string) {
	return w.anyType(), fmt.Sprintf("event.data.items.exists(i, i.sku == %q)", article(w.below(w.articles)))
}

func (w *world) bandOfAmounts() ([]string, string) {
	low := w.unit() * maxAmount
	return w.anyType(), fmt.Sprintf("event.data.amount >= %.2f && event.data.amount < %.2f", low, low+w.band)
}

func (w *world) withoutCoupon() ([]string, string) {
	t := w.tenant()
	return w.ofType(w.typeOf(t, w.below(typesOfTenant)), fromTenant(t)+" && !has(event.data.coupon)")
}
