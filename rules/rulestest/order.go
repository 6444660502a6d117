package rulestest

import (
	"fmt"
	"strconv"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// order is the n-th event: of some tenant, of one of its types, and with data of
// about 700 bytes, or padded to as many as are asked for.
func (w *world) order(n, size int) *cloudevent.Event {
	tenant := w.tenant()
	kind := w.below(typesOfTenant)
	id := fmt.Sprintf("ord-%010d", 7_000_000+n)
	return &cloudevent.Event{
		ID:              fmt.Sprintf("e-%06d", n),
		Source:          fmt.Sprintf("%sshops/%s-%d/pos", sourcePrefix(tenant), pick(w.dice, countries), w.below(9)),
		Type:            w.typeOf(tenant, kind),
		Subject:         "orders/" + id,
		Time:            fmt.Sprintf("2026-03-%02dT%02d:%02d:%02d.%03dZ", 1+n%28, n%24, n%60, n*7%60, n%1000),
		DataContentType: "application/json",
		Extensions:      []cloudevent.Extension{{Name: "traceparent", Value: fmt.Sprintf("00-%032x-%016x-01", n+1, n+1)}},
		Data:            w.data(tenant, kind, id, size),
	}
}

// data is the JSON of an order. Its members stand in an order that depends on the
// type, as with publishers that are different programs.
func (w *world) data(tenant, kind int, id string, size int) []byte {
	who := w.below(customers)
	head := fmt.Sprintf(`"orderId":%q,"tenant":%q`, id, tenantName(tenant))
	amount := fmt.Sprintf(`"amount":%s,"currency":%q,"country":%q`, w.amount(), pick(w.dice, []string{"EUR", "USD", "CHF", "SEK"}), pick(w.dice, countries))
	customer := fmt.Sprintf(`"customer":{"id":%q,"tier":%q,"email":"%s.%s%d@mail%d.example.com","since":"20%02d-0%d-1%d"}`,
		customerID(tenant, who), tiers[(who+tenant)%len(tiers)], pick(w.dice, firstNames), pick(w.dice, lastNames),
		w.below(100), w.below(10), 5+w.below(20), 1+w.below(9), w.below(10))
	rest := w.items() + "," + w.payment() + "," + w.shipping() + "," + w.basket()
	if w.oneIn(3) {
		rest += `,"coupon":"SPRING-2026"`
	}
	text := "{" + head + "," + amount + "," + customer + "," + rest
	switch kind {
	case 1:
		text = "{" + head + "," + rest + "," + customer + "," + amount
	case 2:
		text = "{" + customer + "," + amount + "," + rest + "," + head
	}
	return append(pad([]byte(text), size-1), '}')
}

// amount is spelt with the digits that it needs, as JSON writers do.
func (w *world) amount() string {
	return strconv.FormatFloat(float64(500+w.below(100*(maxAmount-5)))/100, 'f', -1, 64)
}

func (w *world) items() string {
	text := `"items":[`
	for i := range 1 + w.below(4) {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(`{"sku":%q,"qty":%d,"price":%d.%d5}`, article(w.below(w.articles)), 1+w.below(5), 1+w.below(200), w.below(10))
	}
	return text + "]"
}

func (w *world) payment() string {
	text := fmt.Sprintf(`"payment":{"method":%q,"captured":%t`, pick(w.dice, []string{"card", "invoice", "transfer"}), w.oneIn(2))
	if w.oneIn(2) {
		text += fmt.Sprintf(`,"risk":%.4f`, w.unit())
	}
	return text + fmt.Sprintf(`,"reference":"pay_%016x"}`, w.source.Uint64())
}

func (w *world) shipping() string {
	street := pick(w.dice, []string{"Hauptstraße", "Rue de l'Église", "High Street", "Via Roma", "Long Acre", "Main Street"})
	return fmt.Sprintf(`"shipping":{"method":%q,"name":"Recipient %d","street":"%s %d","city":%q,"zip":"%05d","cost":%d.5,"weight":%d.25,"note":%q}`,
		pick(w.dice, []string{"standard", "express"}), w.below(10_000), street, 1+w.below(200),
		pick(w.dice, []string{"Berlin", "Paris", "London", "Roma", "Zürich", "Utrecht"}), w.below(100_000), 3+w.below(20), w.below(40),
		pick(w.dice, []string{
			"", "Leave it with the neighbours", "Ring twice", "Behind the \"green\" gate, please",
		}))
}

// basket is what no rule asks for, as most of an event's data.
func (w *world) basket() string {
	return fmt.Sprintf(`"placedAt":"2026-03-0%dT1%d:00:00Z","channel":%q,"locale":"de-DE","tags":[%q,"v%d"],"gift":%t,"campaign":null`,
		1+w.below(9), w.below(10), pick(w.dice, []string{"web", "app", "shop"}), pick(w.dice, []string{"spring", "sale"}), w.below(100), w.oneIn(5))
}

// pad makes an object longer with one more member.
func pad(object []byte, size int) []byte {
	const member = `,"padding":"`
	missing := size - len(object) - len(member) - 1
	if missing < 0 {
		return object
	}
	object = append(object, member...)
	for i := range missing {
		object = append(object, 'a'+byte(i%26))
	}
	return append(object, '"')
}
