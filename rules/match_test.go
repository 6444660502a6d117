package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// testMatcher compiles one rule "r" with a condition.
func testMatcher(t testing.TB, when string) *Matcher {
	t.Helper()
	text := "version: 1\ntargets:\n  q: {queue: {name: q}}\nrules:\n  r:\n    on: '**'\n    to: q\n    when: |-\n"
	for _, line := range strings.Split(when, "\n") {
		text += "      " + line + "\n"
	}
	_, m, problems := LoadSources(Source{"rules.yaml", []byte(text)})
	if m == nil {
		var b strings.Builder
		_ = problems.Write(&b, false)
		t.Fatalf("%s does not load:\n%s", when, &b)
	}
	return m
}

// answer is what the condition says: "yes", "no" or "error: …".
func answer(m *Matcher, ev *cloudevent.Event) string {
	switch got := m.Match(ev, nil); {
	case len(got) == 0:
		return "no"
	case got[0].Err != nil:
		return "error: " + got[0].Err.Error()
	default:
		return "yes"
	}
}

func jsonEvent(data string) *cloudevent.Event {
	return &cloudevent.Event{
		ID: "1", Source: "/shop", Type: "com.example.order.placed",
		DataContentType: "application/json; charset=utf-8", Data: []byte(data),
	}
}

// TestNumbersMeanTheirValue: however a number is spelt in the event, it is
// compared and calculated with alike, whatever literal is on the other side.
func TestNumbersMeanTheirValue(t *testing.T) {
	literals := []string{"100", "100u", "100.0", "1e2"}
	for _, spelling := range []string{"100", "100.0", "1e2", "1E+2", "1000e-1", "100.000", "0.01e4"} {
		ev := jsonEvent(`{"x":` + spelling + `}`)
		for _, l := range literals {
			for condition, want := range map[string]string{
				"event.data.x == " + l: "yes", "event.data.x != " + l: "no",
				"event.data.x < " + l: "no", "event.data.x <= " + l: "yes",
				"event.data.x > " + l: "no", "event.data.x >= " + l: "yes",
				"event.data.x in [" + l + "]": "yes", "event.data.x in [1, " + l + ", \"a\"]": "yes",
				"[event.data.x] == [" + l + "]": "yes", "{\"a\": event.data.x} == {\"a\": " + l + "}": "yes",
				"event.data.x + " + l + " == 200":                             "yes",
				"event.data.x - " + l + " == 0":                               "yes",
				"event.data.x * " + l + " == 10000":                           "yes",
				"event.data.x / " + l + " == 1":                               "yes",
				"event.data.x % " + l + " == 0":                               "yes",
				l + " + event.data.x == 200.0":                                "yes",
				l + " - event.data.x == 0u":                                   "yes",
				"(event.data.x + 1) * 2 == " + l + " + 102":                   "yes",
				"[1, 2, 3].exists(i, i * event.data.x == 3 * " + l + ")":      "yes",
				"double(event.data.x) == " + l:                                "yes",
				"int(event.data.x) == " + l + " && uint(event.data.x) == 100": "yes",
				"string(event.data.x) == \"100\"":                             "yes",
			} {
				if got := answer(testMatcher(t, condition), ev); got != want {
					t.Errorf("x is %s: %s: %s, want %s", spelling, condition, got, want)
				}
			}
		}
	}
}

func TestMeaning(t *testing.T) {
	order := `{
		"total": 250.5, "count": 3, "zero": 0, "neg": -7, "half": 0.5, "big": 9007199254740993,
		"bigdot": 9007199254740993.0, "huge": 18446744073709551615, "beyond": 1e30, "minus0": -0,
		"max": 9223372036854775807, "five": "5",
		"name": "Zo\u00eb", "plain": "Zoë", "empty": "", "yes": true, "no": false, "nothing": null,
		"tags": ["a", "b"], "nums": [1, 2.0, 3e0], "none": [],
		"items": [{"sku": "A", "price": 10}, {"sku": "B"}, {"price": 300}],
		"deep": {"a": {"b": {"c": 1}}}, "o": {"k": 1, "l": 2}, "when": "2026-01-31T12:00:00Z", "type": "t", "dup": 1, "dup": 2,
		"a-b": 1, "esc\u0061pe": 1
	}`
	ev := jsonEvent(order)
	ev.Subject = "order/1"
	ev.Time = "2026-01-31T12:00:00.5+01:00"
	ev.Extensions = []cloudevent.Extension{
		{Name: "flag", Value: true}, {Name: "partitionkey", Value: "p1"}, {Name: "sampledrate", Value: int32(10)}, {Name: "sorce", Value: "s"},
	}
	ev.Headers = []cloudevent.Header{{Name: "x-count", Value: "5"}, {Name: "x-env", Value: "test"}}
	yes := `
		event.id == "1"
		event.source == "/shop" && event.type == "com.example.order.placed" && event.specversion == "1.0"
		event.subject.startsWith("order/")
		event.datacontenttype.contains("json")
		event.type.matches("order\\.(placed|paid)$")
		event.data.total > 100
		event.data.total > 250 && event.data.total < 251
		event.data.big == 9007199254740993
		event.data.big != 9007199254740992
		event.data.big > 9007199254740992
		event.data.big == 9007199254740993.0
		event.data.big != 9007199254740992.0
		event.data.big > 9007199254740992.0
		event.data.big in [9007199254740993.0]
		event.data.big > 9007199254740991.0 + 1.0 && event.data.big != 9007199254740991.0 + 1.0
		!(event.data.big in [9007199254740992.0])
		-event.data.big == -9007199254740993.0
		event.data.bigdot == event.data.big
		event.data.big - 1 == 9007199254740992
		event.data.huge == 18446744073709551615u
		event.data.huge > event.data.max
		event.data.huge > 1.5 && event.data.huge < event.data.beyond
		event.data.beyond > event.data.huge
		event.data.huge - 1 == 18446744073709551614u
		event.data.minus0 == 0 && event.data.zero == -0.0
		event.data.neg % 4 == -3
		event.data.neg / 2 == -3
		event.data.count / 2 == 1
		event.data.count / 2.0 == 1.5
		event.data.half + event.data.count == 3.5
		event.data.half * 2 == 1
		event.data.five == "5"
		event.data.five != 5
		int(event.data.five) == 5
		event.data.yes
		event.data.yes == true && !event.data.no
		event.data.yes != 1
		event.data.nothing == null
		event.data.name == event.data.plain && event.data.name == "Zo\u00eb" && event.data.name == "Zoë"
		size(event.data.plain) == 3 && event.data.plain.size() == 3
		event.data.plain > "Zo" && "Zp" > event.data.plain
		"a" in event.data.tags && !("c" in event.data.tags)
		2 in event.data.nums && 2.0 in event.data.nums && 3u in event.data.nums
		event.data.nums == [1, 2, 3] && [1.0, 2u, 3] == event.data.nums
		event.data.tags + ["c"] == ["a", "b", "c"]
		event.data.tags[0] == "a" && event.data.tags[1.0] == "b"
		event.data.none == [] && size(event.data.none) == 0
		event.data.items.exists(i, i.price > 100)
		event.data.items.exists(i, i.sku == "B")
		event.data.items.filter(i, has(i.price)).all(i, i.price >= 10)
		event.data.items.map(i, has(i.sku)) == [true, true, false]
		event.data.items.exists_one(i, has(i.price) && i.price == 300)
		event.data.deep.a.b.c == 1 && event.data["deep"]["a"].b["c"] == 1
		event.data.o == {"l": 2.0, "k": 1u}
		event.data.o.exists(k, k == "l") && "k" in event.data.o && size(event.data.o) == 2
		event.data["a-b"] == 1
		event.data.escape == 1
		event.data.dup == 2
		timestamp(event.data.when) > event.time
		event.time == timestamp("2026-01-31T11:00:00.5Z")
		event.time.getFullYear() == 2026 && event.time.getHours() == 11 && event.time.getHours("+01:00") == 12
		event.time - timestamp("2026-01-31T11:00:00Z") == duration("500ms")
		event.time + duration("1h") > event.time
		event.flag && event.flag == true
		event.partitionkey == "p1" && event.sampledrate == 10 && event.sampledrate > 9.5
		dyn(event).sorce == "s" && has(dyn(event).sorce) && !has(dyn(event).sorcs)
		dyn(event).type == event.type
		headers["x-env"] == "test" && "x-env" in headers && !("x-other" in headers)
		int(headers["x-count"]) == 5
		has(event.data) && has(event.subject) && has(event.time) && has(event.flag) && !has(event.other)
		has(event.data.nothing) && !has(event.data.missing)
		!has(event.data.name.x)
		event.data.missing == 1 || true
		true || event.data.missing == 1
		event.data.total > 100 ? true : event.data.missing
		event.data.count == 3 || event.data.name > 5
		type(event.data.tags) == list && type(event.data.o) == map && type(event.data.name) == string
		event.data.type == "t"
		true
		event.data.total>100&&(event.data.count>1||false)
		event.data.items.exists(event, event.sku == "A")
		size(event.data.tags) == 2.0 && size(event.data.tags) < 2.5
		event.data.name.endsWith("ë") // a comment
		bytes(event.data.plain).size() == 4
		event.data.max * 2u == 18446744073709551614u
		event.data == event.data`
	no := `
		event.data.missing == 1
		event.data.missing != 1
		!(event.data.missing == 1)
		event.data.missing == null
		event.data.missing > 1
		has(event.data.missing.x)
		event.data.deep.x.y == 1
		event.data.name.x == 1
		event.data.tags[2] == "c"
		event.data.tags[-1] == "a"
		event.data.items[5].price > 1
		event.other == "x"
		event.other != "x"
		event.dataschema == "x"
		headers["x-none"] == "x"
		headers["x-none"] != "x"
		event.data.missing == 1 || false
		event.data.missing == 1 && true
		event.data.missing && event.data.yes
		event.data.items.exists(i, i.sku == "ZZ")
		event.data.items.all(i, i.price > 0)
		event.data.missing.exists(i, true)
		size(event.data.missing) > 0
		event.data.big == 9007199254740992.0
		event.data.five == 5
		event.data.yes == 1
		event.data.yes == "true"
		event.data.nothing == false
		event.data.nothing == 0
		dyn(event).nope == 1
		event.data[0] == 1
		false`
	failing := map[string]string{
		`event.data.name > 5`:                        `> cannot be used between the text "Zoë" and the number 5`,
		`event.data.count < "a"`:                     `< cannot be used between the number 3 and the text "a"`,
		`event.data.nothing > 1`:                     `> cannot be used between null and the number 1`,
		`event.data.name + 1 == 2`:                   `+ cannot be used between the text "Zoë" and the number 1`,
		`event.data.tags - 1 == 2`:                   `- cannot be used between a list and the number 1`,
		`event.data.count / event.data.zero == 1`:    `it divides by zero`,
		`event.data.count % 0 == 1`:                  `it divides by zero`,
		`event.data.count / 0u == 1`:                 `it divides by zero`,
		`event.data.half % 2 == 1`:                   `% needs whole numbers, but got the number 0.5 and the number 2`,
		`event.data.max + 1 > 0`:                     `a whole number becomes too large (beyond 64 bits)`,
		`event.data.huge * 2 > 0`:                    `a whole number becomes too large (beyond 64 bits)`,
		`event.data.name`:                            `its result is the text "Zoë", not true or false`,
		`event.data.nothing`:                         `its result is null, not true or false`,
		`event.data.name && true`:                    `&& cannot be used with the values that it got`,
		`!event.data.name`:                           `! cannot be used with the values that it got`,
		`-event.data.name == 1`:                      `an operator or function cannot be used with the values that it got`,
		`event.data.count.startsWith("a")`:           `startsWith cannot be used with the values that it got`,
		`event.data.count.matches("a")`:              `matches cannot be used with the values that it got`,
		`"a" in event.data.name`:                     "`in` needs a list or an object, but got the text \"Zoë\"",
		`event.data.count.exists(i, true)`:           `a list or an object was expected where the condition loops`,
		`event.data.items.exists(i, i.sku > 5)`:      `> cannot be used between the text "A" and the number 5`,
		`int(event.data.name) == 1`:                  `a value cannot be converted to the type that is asked for`,
		`timestamp(event.data.name) == event.time`:   `a text is not a time (RFC 3339, such as 2026-01-31T12:00:00Z)`,
		`size(event.data.count) == 1`:                `size cannot be used with the values that it got`,
		`has(event.data.tags.x)`:                     `a list is indexed by whole numbers`,
		`event.data.tags["x"] == 1`:                  `a list is indexed by whole numbers`,
		`event.data.count == 3 && event.data.name>5`: `> cannot be used between the text "Zoë" and the number 5`,
	}
	check := func(condition, want string) {
		t.Helper()
		if got := answer(testMatcher(t, condition), ev); got != want {
			t.Errorf("%s\n got  %s\n want %s", condition, got, want)
		}
	}
	for _, c := range strings.Split(strings.TrimSpace(yes), "\n") {
		check(strings.TrimSpace(c), "yes")
	}
	for _, c := range strings.Split(strings.TrimSpace(no), "\n") {
		check(strings.TrimSpace(c), "no")
	}
	for c, want := range failing {
		check(c, "error: the condition of rule \"r\" failed: "+want)
	}
}

func TestDataOtherThanJSONObjects(t *testing.T) {
	tests := []struct {
		contentType string
		data        []byte
		condition   string
		want        string
	}{
		{"text/plain; charset=utf-8", []byte("hällo"), `event.data.startsWith("hä") && size(event.data) == 5`, "yes"},
		{"TEXT/csv", []byte("a,b"), `event.data == "a,b"`, "yes"},
		{"application/xml", []byte("<a/>"), `event.data.contains("<a")`, "yes"},
		{"application/octet-stream", []byte{0, 255}, `event.data == b'\x00\xff' && size(event.data) == 2`, "yes"},
		{"text/plain", []byte{'a', 255}, `event.data == b'a\xff'`, "yes"},
		{"application/octet-stream", []byte{0, 255}, `event.data == "x"`, "no"},
		{"application/octet-stream", []byte{0, 255}, `event.data in ["x", "y"]`, "no"},
		{"application/octet-stream", []byte("x"), `event.data.total > 1`, "no"},
		{"text/plain", []byte("x"), `event.data.total > 1`, "no"},
		{"text/plain", nil, `event.data == "x"`, "no"},
		{"text/plain", nil, `has(event.data)`, "no"},
		{"", nil, `!has(event.data.coupon)`, "no"},
		{"text/plain", []byte{}, `has(event.data) && event.data == ""`, "yes"},
		{"application/json", []byte(`"text"`), `event.data == "text"`, "yes"},
		{"application/json", []byte(` 5 `), `event.data > 4.5`, "yes"},
		{"application/json", []byte(`null`), `has(event.data) && event.data == null`, "yes"},
		{"application/json", []byte(`[1,[2]]`), `event.data[1][0] == 2 && event.data == [1, [2.0]]`, "yes"},
		{"application/vnd.x+json", []byte(`{"x":1}`), `event.data.x == 1`, "yes"},
		{"application/json", []byte(`{"x":`), `event.data.x == 1`, `error: the condition of rule "r" failed: the event's data is not the JSON that its datacontenttype says`},
		{"application/json", []byte(`{"x":`), `event.id == "1"`, "yes"},
	}
	for _, tt := range tests {
		ev := jsonEvent("")
		ev.DataContentType, ev.Data = tt.contentType, tt.data
		if got := answer(testMatcher(t, tt.condition), ev); got != tt.want {
			t.Errorf("%s %q: %s: %s, want %s", tt.contentType, tt.data, tt.condition, got, tt.want)
		}
	}
}

func TestLargeObjectsAndLists(t *testing.T) {
	var members, elements []string
	for i := range 100 {
		members = append(members, fmt.Sprintf(`"k%d":%d`, i, i))
		elements = append(elements, fmt.Sprint(i))
	}
	ev := jsonEvent(`{"o":{` + strings.Join(members, ",") + `,"k7":"last"},"l":[` + strings.Join(elements, ",") + `]}`)
	for _, condition := range []string{
		`event.data.o.k99 == 99 && event.data.o.k7 == "last" && !has(event.data.o.k100)`,
		`size(event.data.o) == 100 && event.data.o.exists(k, k == "k50")`,
		`event.data.l[99] == 99 && event.data.l.all(i, i == event.data.l[i])`,
		`event.data.l.filter(i, i > 97) == [98, 99]`,
	} {
		if got := answer(testMatcher(t, condition), ev); got != "yes" {
			t.Errorf("%s: %s", condition, got)
		}
	}
}
