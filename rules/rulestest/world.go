package rulestest

import (
	"fmt"
	"math"
)

// world is what rules and events of a set have in common.
type world struct {
	dice
	rules    int
	tenants  int
	types    int
	articles int
	// threshold is up to where the thresholds of B reach: so far beyond the
	// amounts of events that few are passed, the fewer the more rules there are.
	threshold float64
	// band is how wide the bands of J are.
	band float64
}

// maxAmount is more than any order's amount. Amounts are spread evenly up to it.
const maxAmount = 1000

// typesOfTenant is how many types of event each tenant has.
const typesOfTenant = 3

func newWorld(rules int, seed uint64) *world {
	n := float64(rules)
	w := &world{
		dice:     newDice(seed),
		rules:    rules,
		tenants:  max(1, rules/15),
		types:    max(1, min(200, int(math.Sqrt(n)/1.5))),
		articles: max(8, rules/4),
	}
	const country = 3.0 / 20 // the share of events from three of the countries
	w.threshold = thresholds(1.2, 0.15*n/float64(w.types)*country)
	w.band = max(0.02, maxAmount*min(0.2, 0.3/(0.02*n)))
	return w
}

// thresholds is up to where thresholds must be spread for an event to pass about
// `passed` of so many.
func thresholds(passed, of float64) float64 {
	return maxAmount / 2 / min(0.5, passed/of)
}

func tenantName(tenant int) string { return fmt.Sprintf("t%05d", tenant) }

func sourcePrefix(tenant int) string { return "/tenants/" + tenantName(tenant) + "/" }

func (w *world) tenant() int { return w.below(w.tenants) }

// typeOf is one of the types of event that a tenant has.
func (w *world) typeOf(tenant, i int) string {
	return typeName((tenant*typesOfTenant + i%typesOfTenant) % w.types)
}

func typeName(i int) string {
	return "com.acme." + things[i%len(things)] + "." + happenings[i/len(things)%len(happenings)] + ".v1"
}

func article(i int) string { return fmt.Sprintf("sku-%06d", i) }

// customers is how many customers a tenant has.
const customers = 10

func customerID(tenant, n int) string { return fmt.Sprintf("c-%05d-%02d", tenant, n) }

var (
	things = []string{
		"order", "invoice", "payment", "shipment", "refund", "basket", "customer", "account", "price", "stock",
		"return", "label", "parcel", "voucher", "review", "contract", "quote", "ticket", "delivery", "claim",
	}
	happenings = []string{
		"created", "updated", "cancelled", "confirmed", "rejected", "archived", "expired", "requested", "completed", "failed",
	}
	countries = []string{
		"DE", "US", "FR", "GB", "NL", "AT", "CH", "IT", "ES", "PL", "SE", "DK", "NO", "FI", "BE", "CZ", "PT", "IE", "JP", "CA",
	}
	tiers      = []string{"standard", "silver", "gold", "platinum"}
	firstNames = []string{"ada", "grace", "alan", "edsger", "barbara", "donald", "hedy", "john", "katherine", "margaret", "niklaus", "tony"}
	lastNames  = []string{"lovelace", "hopper", "turing", "dijkstra", "liskov", "knuth", "lamarr", "backus", "johnson", "hamilton", "wirth", "hoare"}
	// addresses are patterns of addresses, about a third of which each finds.
	addresses = []string{
		`^(ada|grace|alan|hedy)\\.`, `@mail[0-2]\\.example\\.com$`, `^[a-d][a-z]*\\.`, `\\.(turing|knuth|hopper)[0-9]+@`,
		`[05]@`, `@mail[3-5]\\.`, `[0-9]{2}@mail[0-9]`, `^[a-z]+\\.[h-k]`,
	}
)
