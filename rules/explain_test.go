package rules

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// explained explains one rule "r" with a condition.
func explained(t testing.TB, when string, ev *cloudevent.Event, o ExplainOptions) ExplainedRule {
	t.Helper()
	o.Rules = []string{"r"}
	x, err := testMatcher(t, when).Explain(ev, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Rules) != 1 {
		t.Fatalf("%s: %d rules", when, len(x.Rules))
	}
	return x.Rules[0]
}

// TestExplainMessages: the reason, and the sentence that a person reads first.
func TestExplainMessages(t *testing.T) {
	ev := jsonEvent(`{"total": 18, "name": "Zoë", "five": "5", "no": false, "yes": true, "nothing": null, "zero": 0,
		"tags": ["a", "b"], "none": [], "customer": {"country": "NL", "vat_id": "x"},
		"items": [{"sku": "A", "price": 10}, {"sku": "B"}]}`)
	ev.Headers = []cloudevent.Header{{Name: "x-env", Value: "test"}}
	for _, tt := range []struct{ when, reason, decided, message string }{
		{`event.data.total > 100`, "false", `event.data.total > 100`, "`event.data.total` is 18"},
		{`event.data.yes && event.data.total > 100 && event.data.no`, "false", `event.data.total > 100`, "`event.data.total` is 18"},
		{`(event.data.yes && (event.data.total > 100)) && event.data.no`, "false", `event.data.total > 100`, "`event.data.total` is 18"},
		{`event.data.totl > 100`, "absent", `event.data.totl > 100`, "`event.data.totl` is absent; there is `event.data.total`"},
		{`event.total > 100`, "absent", `event.total > 100`, "`event.total` is absent; there is `event.data.total`"},
		{`event.data.country == "NL"`, "absent", `event.data.country == "NL"`, "`event.data.country` is absent; there is `event.data.customer.country`"},
		{`event.data.customer.vat == 1`, "absent", `event.data.customer.vat == 1`, "`event.data.customer.vat` is absent; `event.data.customer` has country, vat_id"},
		{`event.data.name.first == "Z"`, "absent", `event.data.name.first == "Z"`, "`event.data.name.first` is absent; `event.data.name` is the text \"Zoë\""},
		{`event.data.tags[2] == "c"`, "absent", `event.data.tags[2] == "c"`, "`event.data.tags[2]` is absent; `event.data.tags` has 2 elements, [0] to [1]"},
		{`headers["x-evn"] == "test"`, "absent", `headers["x-evn"] == "test"`, "`headers[\"x-evn\"]` is absent; there is `headers[\"x-env\"]`"},
		{`event.subject == "x"`, "absent", `event.subject == "x"`, "`event.subject` is absent; `event` has data, datacontenttype, id, source, specversion, type"},
		{`event.data.five == 5`, "type_mismatch", `event.data.five == 5`, "`event.data.five` is the text \"5\", which never equals the number 5"},
		{`event.data.nothing == "x"`, "false", `event.data.nothing == "x"`, "`event.data.nothing` is null"},
		{`event.data.total == null`, "false", `event.data.total == null`, "`event.data.total` is 18"},
		{`event.data.total in ["18", "19"]`, "type_mismatch", `event.data.total in ["18", "19"]`, "`event.data.total` is the number 18; nothing in the list is of that kind"},
		{`event.data.name in ["a", "b"]`, "false", `event.data.name in ["a", "b"]`, "`event.data.name` is \"Zoë\""},
		{`event.data.no`, "false", `event.data.no`, "`event.data.no` is false"},
		{`!event.data.yes`, "false", `!event.data.yes`, "`event.data.yes` is true"},
		{`has(event.data.totl)`, "absent", `has(event.data.totl)`, "`event.data.totl` is absent; there is `event.data.total`"},
		{`has(event.data.custmer.vat)`, "absent", `has(event.data.custmer.vat)`, "`event.data.custmer` is absent; there is `event.data.customer`"},
		{`event.data.name > 5`, "type_mismatch", `event.data.name > 5`, "`event.data.name > 5`: > cannot be used between the text \"Zoë\" and the number 5"},
		{`event.data.yes && event.data.total / event.data.zero == 1`, "error", `event.data.total / event.data.zero == 1`, "`event.data.total / event.data.zero`: it divides by zero"},
		{`event.data.name`, "type_mismatch", `event.data.name`, "`event.data.name` is the text \"Zoë\", not true or false"},
		{`event.data.name && event.data.yes`, "type_mismatch", `event.data.name`, "`event.data.name` is the text \"Zoë\", not true or false"},
		{`event.data.total > 100 || event.data.name == "x"`, "false", `event.data.total > 100 || event.data.name == "x"`, "none of the 2 alternatives is true"},
		{`event.data.total > 100 || event.data.nme == "x"`, "absent", `event.data.total > 100 || event.data.nme == "x"`, "`event.data.nme` is absent; there is `event.data.name`"},
		{`event.data.yes ? event.data.total > 100 : true`, "false", `event.data.total > 100`, "`event.data.total` is 18"},
		{`event.data.items.exists(i, i.sku == "C")`, "false", `event.data.items.exists(i, i.sku == "C")`, "no element of `event.data.items` fits (2 looked at)"},
		{`event.data.none.exists(i, i.sku == "C")`, "false", `event.data.none.exists(i, i.sku == "C")`, "`event.data.none` is empty"},
		{`event.data.items.exists(i, i.fragile)`, "absent", `event.data.items.exists(i, i.fragile)`, "`i.fragile` is absent (`i` is event.data.items[0]); `i` has price, sku"},
		{`event.data.items.exists(i, i.prize > 100)`, "absent", `event.data.items.exists(i, i.prize > 100)`, "`i.prize` is absent (`i` is event.data.items[0]); there is `i.price`"},
		{`event.data.items.all(i, i.sku == "A")`, "false", `event.data.items.all(i, i.sku == "A")`, "element 1 of `event.data.items` does not fit"},
		{`event.data.items.exists_one(i, has(i.sku))`, "false", `event.data.items.exists_one(i, has(i.sku))`, "more than one element of `event.data.items` fits, not exactly one"},
		{`event.data.total.exists(i, i > 1)`, "type_mismatch", `event.data.total.exists(i, i > 1)`, "`event.data.total.exists(i, i > 1)`: a list or an object was expected where the condition loops"},
		{`false`, "false", `false`, "it is written as false"},
		{`1 > 2`, "false", `1 > 2`, "it is false for every event"},
	} {
		x := explained(t, tt.when, ev, ExplainOptions{})
		if x.Decided == nil {
			t.Errorf("%s: %s: nothing decided", tt.when, x.Outcome)
			continue
		}
		if string(x.Reason) != tt.reason || x.Decided.Text != tt.decided || x.Message != tt.message {
			t.Errorf("%s\n got  %s, %s, %s\n want %s, %s, %s", tt.when, x.Reason, x.Decided.Text, x.Message, tt.reason, tt.decided, tt.message)
		}
	}
}

// TestExplainSurvivesJSON: a client of the server prints what it got.
func TestExplainSurvivesJSON(t *testing.T) {
	ev := jsonEvent(`{"items":[{"sku":"A"},{"sku":"B"}],"total":18}`)
	m := testMatcher(t, `event.data.total > 10 && event.data.items.exists(i, i.sku == "C")`)
	x, err := m.Explain(ev, ExplainOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(x, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	var back Explanation
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.MarshalIndent(back, "", " ")
	if err != nil || string(again) != string(text) || !strings.Contains(string(text), `"decided": true`) {
		t.Errorf("%v\n%s\n%s", err, text, again)
	}
}
