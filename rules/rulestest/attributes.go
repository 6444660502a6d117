package rulestest

import (
	"fmt"
	"strconv"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// binarySize is how many bytes of data the events of AttributesOnly have.
const binarySize = 1 << 10

// AttributesOnly is a rule set that asks for attributes, extensions and transport
// headers and never for the data, with events of 1 KiB of data as they come in
// the binary mode. Reading the data for it would be wasted. An event matches
// about four rules from 1,000 on.
func AttributesOnly(rules int) *Set {
	w := newWorld(rules, 4)
	s := &Set{Name: "attributes-" + strconv.Itoa(rules)}
	for n := range rules {
		on, when := attributeRules[n%len(attributeRules)](w)
		s.Rules = append(s.Rules, Rule{Name: fmt.Sprintf("at-%07d", n), On: on, When: when, To: pick(w.dice, targets)})
	}
	for n := range events {
		s.Events = append(s.Events, w.binary(n))
	}
	return s
}

var regions = []string{"eu-central", "eu-west", "us-east", "us-west", "ap-south", "ap-east"}

// binary is an order with the attributes and headers that the rules ask for.
func (w *world) binary(n int) *cloudevent.Event {
	ev := w.order(n, binarySize)
	tenant := ev.Source[len("/tenants/") : len("/tenants/")+len(tenantName(0))]
	ev.Extensions = []cloudevent.Extension{
		{Name: "priority", Value: int32(w.below(10))}, {Name: "region", Value: pick(w.dice, regions)},
		{Name: "tenant", Value: tenant}, ev.Extensions[0],
	}
	ev.Headers = []cloudevent.Header{
		{Name: "user-agent", Value: fmt.Sprintf("shop/%d.%d", 1+w.below(4), w.below(10))},
		{Name: "x-env", Value: pick(w.dice, []string{"prod", "prod", "prod", "test"})},
		{Name: "x-shop", Value: fmt.Sprintf("%s-%d", tenant, w.below(9))},
	}
	return ev
}

var attributeRules = []func(w *world) ([]string, string){
	(*world).sourceOfType,
	func(w *world) ([]string, string) {
		in := three(w.dice, regions)
		return w.anyType(), fmt.Sprintf("event.tenant == %q && event.region in [%q, %q]", tenantName(w.tenant()), in[0], in[1])
	},
	func(w *world) ([]string, string) {
		return w.anyType(), fmt.Sprintf(`headers["x-shop"] == "%s-%d"`, tenantName(w.tenant()), w.below(9))
	},
	func(w *world) ([]string, string) {
		t := w.tenant()
		return w.ofType(w.typeOf(t, w.below(typesOfTenant)), fmt.Sprintf(`event.tenant == %q && event.priority >= %d`, tenantName(t), 3+w.below(6)))
	},
	func(w *world) ([]string, string) {
		return w.anyType(), fmt.Sprintf(`event.tenant == %q && headers["x-env"] != "test"`, tenantName(w.tenant()))
	},
	func(w *world) ([]string, string) {
		return w.anyType(), fmt.Sprintf("event.subject == \"orders/ord-%010d\"", 7_000_000+w.below(max(events, w.rules)))
	},
	func(w *world) ([]string, string) {
		t := w.tenant()
		return w.ofType(w.typeOf(t, w.below(typesOfTenant)), fmt.Sprintf(`headers["user-agent"].startsWith("shop/%d.") && event.source.endsWith("-%d/pos") && event.tenant == %q`,
			1+w.below(4), w.below(9), tenantName(t)))
	},
}
