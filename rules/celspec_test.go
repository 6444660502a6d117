package rules

import (
	"strings"
	"testing"
)

// specSection is what a section of the CEL language definition says, with
// Wye's two decisions where they bear on it: what is absent is "no" and not an
// error (absent in a rule means no match), and numbers mean their value.
type specSection struct {
	name string // as the specification has it
	data string // of the event
	rows string // a verdict and a condition each
}

const specData = `{
	"t": true, "f": false, "i": 5, "d": 5.5, "neg": -7, "zero": 0, "u": 18446744073709551615, "max": 9223372036854775807,
	"odd": 9223372036854775809,
	"big": 9007199254740993, "s": "abc", "e": "", "five": "5", "nul": null, "uni": "é😀", "esc": "\u00e9\ud83d\ude00",
	"l": [1, 2.0, 3], "ls": ["a", "b"], "mix": [1, "a", null, true], "none": [], "ll": [[1], [2]],
	"o": {"k": 1, "l": "x", "n": null}, "empty": {}, "dup": 1, "dup": 2, "over": {"b": 1}, "over": {"c": 2},
	"items": [{"sku": "A", "price": 10}, {"sku": "B"}, {"price": 300}], "bad": [{"sku": "A"}, {"sku": 5}],
	"when": "2026-01-31T12:00:00Z", "type": "t"
}`

var celSpec = []specSection{
	{"Values: numeric values", specData, `
		yes   event.data.i == 5 && event.data.i == 5.0 && event.data.i == 5u
		yes   event.data.i in [5] && event.data.i in [5.0] && event.data.i in [1, 5u] && event.data.i in ["a", 5]
		yes   event.data.big == 9007199254740993
		no    event.data.big == 9007199254740992
		no    event.data.big == 9007199254740992.0
		yes   event.data.big == 9007199254740993.0
		yes   event.data.u == 18446744073709551615u && event.data.u > 9223372036854775807
		yes   event.data.odd == 9223372036854775809u && event.data.odd > 9223372036854775808u && event.data.odd < 9223372036854775810u
		yes   9007199254740991.0 + 1.0 < event.data.big && event.data.big > 9007199254740991.0 + 1.0 && 9007199254740991.0 + 1.0 != event.data.big
		no    event.data.odd == 9223372036854775808u
		no    event.data.odd in [9223372036854775808u, 9223372036854775810u]
		yes   event.data.zero == -0.0 && event.data.zero == 0u
		no    event.data.i == "5"
		no    event.data.five == 5
	`},
	{"Values: string and bytes values", specData, `
		yes   event.data.uni == event.data.esc && event.data.esc == "\u00e9\U0001F600" && event.data.esc == 'é😀'
		no    event.data.uni == "e\u0301😀"
		yes   size(event.data.uni) == 2
		yes   size(bytes(event.data.uni)) == 6 && bytes(event.data.s) == b"abc"
		no    event.data.s == b"abc"
		yes   r"\d" != "5" && event.data.s == r'abc' && event.data.s == """abc"""
	`},
	{"Values: aggregate values", specData, `
		yes   event.data.dup == 2 && event.data.over.c == 2
		no    has(event.data.over.b)
		no    event.data.over.b == 1
		yes   size(event.data.over) == 1
		yes   event.data.l == [1, 2, 3] && event.data.l == [1.0, 2u, 3]
		no    event.data.l == [3, 2, 1]
		yes   event.data.o == {"n": null, "l": "x", "k": 1.0}
		no    event.data.o == {"k": 1}
		no    event.data.l == event.data.o
	`},
	{"Values: names that stand twice, in and around lists", `{
		"items": [{"sku": "A"}, {"sku": "A2"}], "items": [{"sku": "B"}, {"sku": "C"}], "l": [1, 2], "l": [3], "gone": [{"sku": "A"}], "gone": 5,
		"back": 5, "back": [{"sku": "A"}], "one": [{"sku": "A", "sku": "B"}], "o": [{"o": {"x": 1}, "o": {"y": 2}}, {"o": {"x": 1}, "o": 7}],
		"up": {"l": [{"sku": "A"}]}, "up": {"l": [{"sku": "B"}]}
	}`, `
		no    event.data.items.exists(i, i.sku == "A")
		yes   !event.data.items.exists(i, i.sku == "A")
		yes   event.data.items.exists(i, i.sku == "C") && event.data.items.exists_one(i, i.sku != "C")
		no    event.data.l.exists(i, i == 1)
		yes   !event.data.l.exists(i, i == 1) && event.data.l.exists(i, i == 3) && !(1 in event.data.l) && event.data.l[0] == 3
		error event.data.gone.exists(i, i.sku == "A")
		no    event.data.gone.sku == "A"
		yes   event.data.back.exists(i, i.sku == "A")
		yes   event.data.one.exists(i, i.sku == "B") && !event.data.one.exists(i, i.sku == "A")
		no    event.data.o.exists(i, i.o.x == 1)
		yes   event.data.o.exists(i, i.o.y == 2)
		no    event.data.up.l.exists(i, i.sku == "A")
		yes   event.data.up.l.exists(i, i.sku == "B") && event.data.up.l.all(i, i.sku == "B")
	`},
	{"Evaluation: logical operators", specData, `
		yes   event.data.t || event.data.s > 5
		yes   event.data.s > 5 || event.data.t
		error event.data.f || event.data.s > 5
		error event.data.s > 5 || event.data.f
		no    event.data.f && event.data.s > 5
		no    event.data.s > 5 && event.data.f
		error event.data.t && event.data.s > 5
		error event.data.s > 5 && event.data.t
		yes   event.data.nope || event.data.t
		yes   event.data.t || event.data.nope
		no    event.data.nope || event.data.f
		no    event.data.nope && event.data.t
		no    event.data.nope && event.data.f
		yes   !(event.data.nope && event.data.f)
		no    !(event.data.nope && event.data.t)
		no    !(event.data.nope || event.data.f)
		no    !(event.data.nope || event.data.t)
		error !(event.data.s > 5)
		no    !event.data.nope
		error event.data.s || event.data.f
		yes   event.data.s || event.data.t
		error event.data.s && event.data.t
		no    event.data.s && event.data.f
		error !event.data.s
	`},
	{"Evaluation: logical operators, the first of several errors", specData, `
		no    event.data.nope == 1 || event.data.s > 5
		error event.data.s > 5 || event.data.nope == 1
		no    event.data.nope == 1 && event.data.s > 5
		error event.data.s > 5 && event.data.nope == 1
		error event.data.f || event.data.s > 5 || event.data.nope
		no    event.data.f || event.data.nope || event.data.s > 5
		yes   event.data.nope || event.data.s > 5 || event.data.i == 5
		no    event.data.nope && event.data.s > 5 && event.data.i == 6
		no    (event.data.nope || event.data.f) && event.data.s > 5
		error (event.data.s > 5 || event.data.nope) && event.data.t
	`},
	{"Evaluation: logical operators, conditional", specData, `
		yes   event.data.t ? true : event.data.s > 5
		yes   event.data.f ? event.data.s > 5 : true
		no    event.data.nope ? true : true
		error event.data.s > 5 ? true : true
		error event.data.s ? true : true
		yes   (event.data.t ? event.data.i : event.data.s) == 5
	`},
	{"Evaluation: field selection, has()", specData, `
		yes   has(event.data.i) && has(event.data.nul) && has(event.data.o.k) && has(event.data.o.n)
		no    has(event.data.nope)
		yes   !has(event.data.nope)
		no    has(event.data.nope.x)
		no    !has(event.data.nope.x)
		no    has(event.data.s.x)
		yes   !has(event.data.s.x)
		no    has(event.data.nul.x)
		yes   !has(event.data.i.x)
		error has(event.data.l.x)
		error !has(event.data.l.x)
		no    has(event.data.s.x.y)
		no    !has(event.data.s.x.y)
		no    has(event.data.items[0].nope)
		yes   !has(event.data.items[0].nope)
		no    !has(event.data.items[9].nope)
		no    event.data.nope == null
		no    event.data.nope == "x"
		no    event.data.nope != "x"
		no    !(event.data.nope == "x")
		no    event.data.s.x == 1
		no    event.data.nul.x == 1
		error event.data.l.x == 1
		yes   has(event.data) && has(event.source) && !has(event.subject)
	`},
	{"Macros: exists, all, exists_one over lists", specData, `
		yes   event.data.items.exists(i, i.sku == "B")
		no    event.data.items.exists(i, i.sku == "ZZ")
		no    !event.data.items.exists(i, i.sku == "ZZ")
		no    event.data.items.exists(i, i.price > 1000)
		yes   !event.data.items.all(i, i.price < 100)
		no    event.data.items.all(i, i.price > 0)
		no    !event.data.items.all(i, i.price > 0)
		yes   event.data.bad.exists(i, i.sku > "0")
		error event.data.bad.exists(i, i.sku > "Z")
		error event.data.bad.all(i, i.sku > "0")
		no    event.data.bad.all(i, i.sku > "Z")
		no    event.data.bad.exists(i, i.sku == "5")
		yes   event.data.bad.exists(i, i.sku == 5)
		yes   event.data.none.all(i, event.data.s > 5) && !event.data.none.exists(i, event.data.s > 5)
		yes   event.data.items.exists_one(i, has(i.sku) && i.sku == "A")
		no    event.data.items.exists_one(i, i.sku == "A")
		no    event.data.l.exists_one(i, i > 1)
		yes   event.data.ll.exists(i, i.exists(j, j == 2))
		yes   event.data.l.exists(event, event == 2)
		no    event.data.nope.exists(i, true)
		error event.data.s.exists(i, true)
		error event.data.i.all(i, true)
		error event.data.nul.exists(i, true)
	`},
	{"Macros: over maps", specData, `
		yes   event.data.o.exists(k, k == "l")
		no    event.data.o.exists(k, k == "x")
		yes   event.data.o.all(k, k < "z")
		yes   event.data.o.exists(k, event.data.o[k] == "x")
		error event.data.o.exists(k, event.data.o[k] > "y")
		yes   !event.data.empty.exists(k, true) && event.data.empty.all(k, false)
		yes   event.data.o.map(k, k) == ["k", "l", "n"]
		yes   event.data.o.filter(k, k != "l") == ["k", "n"]
		no    event.data.o.exists(k, k.sku == "A")
	`},
	{"Macros: map and filter", specData, `
		yes   event.data.l.map(i, i * 2) == [2, 4, 6]
		yes   event.data.l.filter(i, i > 1) == [2, 3]
		yes   event.data.l.map(i, i > 1, i * 2) == [4, 6]
		yes   size(event.data.items.filter(i, has(i.price))) == 2
		no    size(event.data.items.filter(i, i.price > 5)) == 2
		no    event.data.items.map(i, i.sku) == ["A", "B"]
		error event.data.l.map(i, i + "x") == []
		no    event.data.l.filter(i, i > 9)[0] == 1
	`},
	{"Standard definitions: equality", specData, `
		no    event.data.t == 1
		no    event.data.s == null
		yes   event.data.nul == null && event.data.i != null && event.data.s != 5 && event.data.t != "true"
		no    event.data.nul != null
		no    event.data.nul == false || event.data.nul == 0 || event.data.nul == ""
		yes   event.data.i == event.data.l[2] + 2
		yes   event.data.mix == [1, "a", null, true]
		yes   event.data == event.data && event == event
		yes   [event.data.i, event.data.s] == [5, "abc"]
		no    [event.data.nope] == [1]
	`},
	{"Standard definitions: ordering", specData, `
		yes   event.data.i < 5.5 && event.data.i <= 5u && event.data.d > 5 && event.data.neg < 0u
		yes   event.data.s > "abb" && event.data.s >= "abc" && event.data.e < "a" && "Z" < event.data.s
		yes   event.data.uni > "z" && event.data.uni < "é😁"
		yes   event.data.f < event.data.t
		yes   5 <= event.data.i && 4 < event.data.i
		error event.data.s > 5
		error event.data.i < "x"
		error event.data.nul < 1
		error event.data.t > 0
		error event.data.l < event.data.l
		error event.data.o > 1
		no    event.data.nope > 5
	`},
	{"Standard definitions: in", specData, `
		yes   "a" in event.data.ls && 2 in event.data.l && 2u in event.data.l && null in event.data.mix && true in event.data.mix
		no    "x" in event.data.ls
		no    "1" in event.data.l
		yes   "k" in event.data.o && "n" in event.data.o && !("x" in event.data.o)
		no    1 in event.data.o
		error "abc" in event.data.s
		error 5 in event.data.i
		error "a" in event.data.nul
		no    "a" in event.data.nope
		no    !("a" in event.data.nope)
		no    event.data.nope in ["a"]
		no    !(event.data.nope in ["a"])
		no    event.data.i in []
		yes   event.data.l in [[1, 2, 3]] && event.data.nul in [1, null]
		no    event.data.l in ["a", 1]
	`},
	{"Standard definitions: index", specData, `
		yes   event.data.l[0] == 1 && event.data.l[2] == 3 && event.data["s"] == "abc" && event.data["o"]["k"] == 1
		yes   event.data.l[1.0] == 2 && event.data.l[1u] == 2
		no    event.data.l[3] == 1
		no    event.data.l[-1] == 3
		no    event.data.l[3] != 1
		error event.data.l["a"] == 1
		error event.data.l[0.5] == 1
		no    event.data[0] == 1
		no    event.data.o["x"] == 1
		no    event.data.s["x"] == 1
		no    event.data.s[0] == "a"
		yes   event.data.items[1].sku == "B" && event.data.ll[1][0] == 2
		no    event.data.items[1].price > 1
		no    [1, 2][event.data.i] == 1
		yes   {"abc": 1}[event.data.s] == 1
	`},
	{"Standard definitions: string functions", specData, `
		yes   event.data.s.startsWith("ab") && event.data.s.startsWith("") && event.data.s.endsWith("bc") && event.data.s.contains("b")
		no    event.data.s.startsWith("abcd")
		no    event.data.i == 5 && event.data.s.startsWith("b")
		no    event.data.i == 5 && event.data.s.endsWith("b")
		no    event.data.i == 5 && event.data.s.contains("ac")
		yes   event.data.i == 5 && !event.data.s.startsWith("b") && !event.data.s.endsWith("b") && event.data.s.contains("b")
		yes   event.data.uni.startsWith("\u00e9") && event.data.uni.endsWith("😀")
		error event.data.i.startsWith("5")
		error event.data.nul.contains("")
		error event.data.l.contains("a")
		no    event.data.nope.startsWith("")
		no    !event.data.nope.startsWith("x")
		yes   event.data.s.matches("b") && event.data.s.matches("^abc$") && event.data.e.matches("^$") && matches(event.data.s, "a.c")
		no    event.data.s.matches("^b")
		no    event.data.s.matches("^a|^b$") && event.data.s.matches("b$")
		yes   event.data.uni.matches("^..$")
		yes   event.data.s.matches("(?i)ABC")
		error event.data.i.matches("5")
		error event.data.o.matches("")
		error event.data.l.matches("")
	`},
	{"Standard definitions: size", specData, `
		yes   size(event.data.s) == 3 && event.data.s.size() == 3 && size(event.data.l) == 3 && size(event.data.o) == 3
		yes   size(event.data.none) == 0 && size(event.data.e) == 0 && event.data.empty.size() == 0
		error size(event.data.i) == 1
		error size(event.data.nul) == 0
		no    size(event.data.nope) == 0
	`},
	{"Standard definitions: arithmetic and overflow", specData, `
		yes   event.data.i * 2 > 9 && event.data.i + 1 == 6 && event.data.i - 0.5 == 4.5 && -event.data.i == -5
		yes   event.data.i / 2 == 2 && event.data.neg / 2 == -3 && event.data.neg % 4 == -3
		error event.data.max + 1 > 0
		error event.data.i / 0 == 1
		error event.data.i % event.data.zero == 1
		yes   event.data.i / 0.0 > 1e308
		yes   event.data.s + "d" == "abcd" && event.data.ls + ["c"] == ["a", "b", "c"]
		error event.data.s + 1 == "abc1"
		error -event.data.s == 1
		no    event.data.nope + 1 == 2
	`},
	{"Standard definitions: conversions", specData, `
		yes   int(event.data.five) == 5 && double(event.data.i) == 5.0 && string(event.data.i) == "5" && uint(event.data.i) == 5u
		yes   int(event.data.d) == 5 && int(event.data.neg) == -7
		yes   string(event.data.t) == "true" && bool("true") == event.data.t
		error int(event.data.s) == 1
		error uint(event.data.neg) == 1
		error int(event.data.u) == 1
		error int(event.data.l) == 1
		error string(event.data.o) == ""
		no    int(event.data.nope) == 1
		yes   type(event.data.i) == int && type(event.data.d) == double && type(event.data.u) == uint && type(event.data.nul) == null_type
		yes   type(event.data.l) == list && type(event.data.o) == map && type(event.data.s) == string && type(event.data.t) == bool
		yes   event.data.type == "t" && event.type == "com.example.order.placed"
		yes   dyn(event.data.i) == 5
	`},
	{"Standard definitions: timestamps and durations", specData, `
		yes   timestamp(event.data.when) == timestamp("2026-01-31T13:00:00+01:00")
		yes   timestamp(event.data.when) < timestamp("2026-01-31T12:00:00.000000001Z")
		yes   timestamp(event.data.when) - timestamp("2026-01-31T11:00:00Z") == duration("1h")
		yes   timestamp(event.data.when) + duration("90s") > timestamp("2026-01-31T12:01:29.9Z")
		yes   timestamp(event.data.when).getFullYear() == 2026 && timestamp(event.data.when).getMonth() == 0 && timestamp(event.data.when).getDate() == 31
		yes   timestamp(event.data.when).getHours("+05:30") == 17 && timestamp(event.data.when).getDayOfWeek() == 6
		no    event.data.when == timestamp("2026-01-31T12:00:00Z")
		error event.data.when < timestamp("2026-01-31T12:00:00Z")
		error timestamp(event.data.s) < timestamp("2026-01-31T12:00:00Z")
		error timestamp(event.data.l) < timestamp("2026-01-31T12:00:00Z")
		no    timestamp(event.data.nope) < timestamp("2026-01-31T12:00:00Z")
		no    event.time > timestamp("2026-01-31T12:00:00Z")
		no    !(event.time > timestamp("2026-01-31T12:00:00Z"))
	`},
	{"Wye: a condition that is a field", specData, `
		yes   event.data.t
		no    event.data.f
		no    event.data.nope
		error event.data.i
		error event.data.s
		error event.data.nul
		error event.data.l
		error event.data.o
		error event.data
		no    event.tenant
	`},
	{"Wye: data that is a list", `[{"a": 1}, 2]`, `
		yes   event.data[0].a == 1 && event.data[1] == 2 && 2 in event.data && size(event.data) == 2
		error event.data.a == 1
		error has(event.data.a)
		error !has(event.data.a)
		yes   event.data.exists(i, i == 2)
		no    event.data.exists(i, i.a == 2)
	`},
	{"Wye: data that is a text", `"abc"`, `
		yes   event.data == "abc" && event.data.startsWith("a")
		no    event.data.a == 1
		no    has(event.data.a)
		yes   !has(event.data.a)
		no    !has(event.data.a.b)
		error event.data > 5
	`},
	{"Wye: no data", ``, `
		no    has(event.data)
		yes   !has(event.data)
		no    has(event.data.coupon)
		no    !has(event.data.coupon)
		no    event.data == null
		no    event.data != null
		yes   event.data.x == 1 || event.id == "1"
	`},
	{"Wye: data that is not the JSON that it says", `{"x": 1, "y": `, `
		error event.data.x == 1
		error has(event.data.x)
		error event.data.nope == 1
		error event.data.x == 1 || event.data.nope == 1
		yes   event.data.x == 1 || event.id == "1"
		no    event.data.x == 1 && event.id == "2"
		yes   has(event.data)
	`},
}

// TestCELSpec holds Match, plain evaluation and the oracle to the table.
func TestCELSpec(t *testing.T) {
	rows := 0
	for _, section := range celSpec {
		ev := jsonEvent(section.data)
		if section.data == "" {
			ev.Data = nil
		}
		for _, row := range strings.Split(strings.TrimSpace(section.rows), "\n") {
			want, when, _ := strings.Cut(strings.TrimSpace(row), " ")
			rule := genRule{name: "r", on: []string{"**"}, when: leaf(strings.TrimSpace(when))}
			s, err := newSubject([]genRule{rule}, 0)
			if err != nil {
				t.Errorf("%s: %v", section.name, err)
				continue
			}
			rows++
			if got := s.result(s.matcher.Match(ev, nil)); got.verdicts[0] != verdict(want) {
				t.Errorf("%s: %s: %s, want %s", section.name, when, said(got, 0), want)
			}
			if differs := s.compare(ev, &counts{}); differs != "" {
				t.Errorf("%s: %s: %s", section.name, when, differs)
			}
		}
	}
	t.Logf("%d rows in %d sections", rows, len(celSpec))
}
