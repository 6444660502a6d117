package rules_test

import (
	"fmt"
	"os"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

func Example() {
	file := rules.Source{Name: "rules.yaml", Text: []byte(`
version: 1
targets:
  packing: {queue: {name: packing}}
  audit: {stream: {subject: audit.orders}}
rules:
  large-orders:
    on: com.example.order.placed
    when: event.data.total > 100
    to: [packing, audit]
  failed-payments:
    on: com.example.payment.*
    when: event.data.status == "failed"
    to: audit
`)}
	_, matcher, problems := rules.LoadSources(file)
	if problems.HasErrors() {
		_ = problems.Write(os.Stderr, false)
		return
	}
	order := &cloudevent.Event{
		ID: "1", Source: "/shop", Type: "com.example.order.placed",
		DataContentType: "application/json", Data: []byte(`{"total": 250.0}`),
	}
	for _, match := range matcher.Match(order, nil) {
		fmt.Println(match.Rule.Name, "to", match.Rule.To)
	}
	// Output: large-orders to [packing audit]
}

func ExampleProblems_Write() {
	_, _, problems := rules.LoadSources(rules.Source{Name: "rules.yaml", Text: []byte(`
version: 1
targets:
  audit: {stream: {subject: audit.orders}}
rules:
  large-orders:
    on: com.example.order.placed
    when: event.sorce == "/shop"
    to: audti
`)})
	_ = problems.Write(os.Stdout, false)
	// Output:
	// rules.yaml:8:17: error WYE042: sorce is hardly the name of an attribute
	//     when: event.sorce == "/shop"
	//                 ^
	//     hint: did you mean event.source? If your events have an extension sorce, write dyn(event).sorce
	// rules.yaml:9:9: error WYE021: rule "large-orders" sends to "audti", which is not a target
	//     to: audti
	//         ^
	//     hint: did you mean "audit"?
}
