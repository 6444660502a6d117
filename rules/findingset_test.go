package rules

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// foundAt are findings as "CODE line:column rule".
func foundAt(problems Problems) (all []string) {
	for _, p := range problems {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %d:%d %s", p.Code, p.Line, p.Column, p.Rule)))
	}
	return all
}

func setOfRules(rules string) Source {
	return Source{"r.yaml", []byte("version: 1\ntargets: {q: {queue: {name: q}}, p: {queue: {name: p}}}\nrules:\n  other: {on: x, to: [p, q]}\n" + rules)}
}

func TestOverlaps(t *testing.T) {
	rule := func(name, rest string) string { return "  " + name + ": {" + rest + "}\n" }
	for _, c := range []struct{ a, b, want string }{
		{"on: a, to: q", "on: a, to: q", "WYE062 6:3 b"},
		{"on: a, to: q, when: event.data.x > 1", "on: a, to: q, when: \"event.data['x'] > 1.0\"", "WYE062 6:3 b"},
		{"on: a, to: q, when: event.data.x == 1 && event.data.y == 2", "on: a, to: q, when: event.data.y == 2 && event.data.x == 1", "WYE062 6:3 b"},
		{"on: a, to: q, when: event.data.x == 1 || event.data.x == 2", "on: a, to: q, when: 'event.data.x in [2, 1]'", "WYE062 6:3 b"},
		{"on: [a, b], to: [p, q]", "on: [b, a], to: [q, p]", "WYE062 6:3 b"},
		{"on: a, to: q", "on: a, to: q, when: event.data.x > 1", "WYE063 6:3 b"},
		{"on: a, to: q, when: event.data.x > 1", "on: a, to: q", "WYE063 5:3 a"},
		{"on: a.*, to: [p, q], when: event.data.x > 1", "on: a.b, to: q, when: event.data.x >= 2", "WYE063 6:3 b"},
		{"on: '**', to: q", "on: a.*, to: q, when: event.data.x == 1", "WYE063 6:3 b"},
		{"on: a.**, to: q", "on: 'a.b.*', to: q", "WYE063 6:3 b"},
		{"on: a, to: q, when: event.data.x == 1 || event.data.y == 2", "on: a, to: q, when: event.data.y == 2 && event.data.z == 3", "WYE063 6:3 b"},
		{"on: a, to: q, when: \"event.data.x in ['a', 'b', 'c']\"", "on: a, to: q, when: event.data.x == 'b'", "WYE063 6:3 b"},
		{"on: a, to: q, when: event.data.s.startsWith('ab')", "on: a, to: q, when: event.data.s.startsWith('abc') && event.data.x == 1", "WYE063 6:3 b"},
		{"on: a, to: q, when: has(event.data.x)", "on: a, to: q, when: event.data.x != 5", "WYE063 6:3 b"},
		{"on: a, to: q, when: 'event.data.l.exists(i, i.x == 1)'", "on: a, to: q, when: 'event.data.l.exists(i, i.x == 1) && event.data.y > 1'", "WYE063 6:3 b"},
		{"on: a, to: q", "on: a, to: q, sample: 0.5", "WYE063 6:3 b"},
		{"on: a, to: q", "on: a, to: q, until: 2999-01-01", "WYE063 6:3 b"},
		// what must not be found
		{"on: a, to: q", "on: b, to: q", ""},
		{"on: a, to: q", "on: a, to: p", ""},
		{"on: a, to: q", "on: a, to: [p, q]", "WYE063 5:3 a"},
		{"on: a.*, to: q", "on: a.b.c, to: q", ""},
		{"on: 'a.*', to: q", "on: a.**, to: q, when: event.data.x == 1", ""},
		{"on: 'a.b*', to: q", "on: 'a.*c', to: q", ""},
		{"on: a, to: q, when: event.data.x > 1", "on: a, to: q, when: event.data.x < 1", ""},
		{"on: a, to: q, when: event.data.x > 1", "on: a, to: q, when: event.data.y > 2", ""},
		{"on: a, to: q, when: event.data.x > 1", "on: a, to: q, when: event.data.x >= 1 && event.data.y > 2", ""},
		{"on: a, to: q, when: event.data.x != 1", "on: a, to: q, when: event.data.y == 2", ""},
		{"on: a, to: q, when: '!has(event.data.x)'", "on: a, to: q, when: event.data.x == 1", ""},
		{"on: a, to: q, when: event.data.x > 1", "on: a, to: q, when: event.data.x == 'b'", ""},
		{"on: a, to: q, when: event.data.s.startsWith('abc')", "on: a, to: q, when: event.data.s.startsWith('ab')", "WYE063 5:3 a"},
		{"on: a, to: q, when: 'event.data.l.exists(i, i.x == 1)'", "on: a, to: q, when: 'event.data.l.exists(i, i.x == 2)'", ""},
		{"on: a, to: q, mode: shadow", "on: a, to: q", ""},
		{"on: a, to: q, sample: 0.5", "on: a, to: q, when: event.data.x == 1", ""},
		{"on: a, to: q, until: 2999-01-01", "on: a, to: q, when: event.data.x == 1", ""},
		{"on: a, to: q, enabled: false", "on: a, to: q", ""},
		{"on: a, to: q", "on: a, to: q, when: event.data.x > 1, on_error: match", "WYE063 6:3 b"},
		{"on: a, to: q, when: event.data.x > 0", "on: a, to: q, when: event.data.x > 1, on_error: match", ""},
		{"on: a, to: q, when: event.data.x > 1 && event.data.x < 0", "on: a, to: q", "WYE060 5:47 a"},
	} {
		problems := findingsOf(t, FindingOptions{}, setOfRules(rule("a", c.a)+rule("b", c.b)))
		problems = slices.DeleteFunc(problems, func(p Problem) bool { return p.Code == codeAbsent })
		if got := strings.Join(foundAt(problems), " "); got != c.want {
			t.Errorf("a: %s\nb: %s\ngot %s, want %s\n%s", c.a, c.b, got, c.want, report(t, problems))
		}
	}
}

func TestOverlapNamesTheOther(t *testing.T) {
	problems := findingsOf(t, FindingOptions{},
		Source{"a.yaml", []byte("version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  wide:\n    on: a.**\n    to: q\n")},
		Source{"b.yaml", []byte("version: 1\nrules:\n  narrow:\n    on: a.b\n    when: event.data.x == 1\n    to: q\n")})
	want := `b.yaml:3:3: warning WYE063: rule "narrow" sends nothing to q that rule "wide" (a.yaml, line 4) does not send there already
    narrow:
    ^
    hint: each event is delivered twice: remove one of the two rules, or make its condition another
`
	if diff := cmp.Diff(want, report(t, problems)); diff != "" {
		t.Error(diff)
	}
}

func TestCoversType(t *testing.T) {
	patterns := []string{"a", "a.b", "a.*", "*.b", "a.**", "**", "*", "a.b*", "a.*b", "a.b.c", "a.b.**", "*.**", "a.*.c"}
	types := []string{"a", "b", "a.b", "a.c", "c.b", "a.bb", "a.b.c", "a.c.c", "a.b.c.d", "b.c.d", "a.cb"}
	for _, wide := range patterns {
		for _, narrow := range patterns {
			for _, eventType := range types {
				if coversType(wide, narrow) && fitsOn([]string{narrow}, eventType) && !fitsOn([]string{wide}, eventType) {
					t.Errorf("%s is said to cover %s, and does not take %s", wide, narrow, eventType)
				}
			}
		}
	}
	for _, c := range [][2]string{{"**", "a"}, {"**", "**"}, {"a.**", "a.b.**"}, {"a.*", "a.b*"}, {"*.**", "a.b"}, {"*.b", "a.b"}} {
		if !coversType(c[0], c[1]) {
			t.Errorf("%s covers %s", c[0], c[1])
		}
	}
}

func TestTargetsNotUsedAndOwn(t *testing.T) {
	file := func(target, to string) Source {
		return Source{"r.yaml", []byte("version: 1\ntargets:\n  q: {queue: {name: q}}\n  t:\n    " + target + "\nrules:\n  r: {on: a, to: " + to + "}\n")}
	}
	http := func(url string) string { return "http: {url: '" + url + "'}" }
	for _, c := range []struct{ target, to, want string }{
		{"queue: {name: t}", "q", "WYE068 4:3"},
		{"queue: {name: t}", "[q, t]", ""},
		{http("http://127.0.0.1:8080/events"), "[q, t]", "WYE069 7:22 r"},
		{http("http://LOCALHOST:8080/events/"), "t", "WYE068 3:3 WYE069 7:18 r"},
		{http("http://[::1]:8080/events"), "[t, q]", "WYE069 7:19 r"},
		{http("http://127.0.0.1:9090/events"), "[t, q]", ""},
		{http("http://127.0.0.1:8080/orders"), "[t, q]", ""},
		{http("http://wye.example.com:8080/events"), "[t, q]", ""},
		{"stream: {subject: audit.events}", "[t, q]", ""},
	} {
		if got := strings.Join(foundAt(findingsOf(t, FindingOptions{}, file(c.target, c.to))), " "); got != c.want {
			t.Errorf("%s, to %s: got %s, want %s", c.target, c.to, got, c.want)
		}
	}
	if got := findingsOf(t, FindingOptions{}, Source{"r.yaml", []byte("version: 1\ntargets: {q: {queue: {name: q}}}\n")}); len(got) > 0 {
		t.Error("targets without any rules are part of a set: ", got)
	}
}

// TestSecretsAreFoundAndNotShown: the parts of the texts are put together here, so
// that nobody takes this file for a leak.
func TestSecretsAreFoundAndNotShown(t *testing.T) {
	long := strings.Repeat("aB3dE6", 8)
	random := "q7Rz2Kp9Xw" + "4Lm8Tn1Vb6"
	for _, c := range []struct {
		header, value string
		found         bool
	}{
		{"x-id", "AKIA" + "IOSFODNN7EXAMPL1", true},
		{"x-id", "ghp_" + long[:36], true},
		{"x-id", "Bearer xoxb-" + "123456789012-" + long, true},
		{"x-id", "sk_live_" + long[:24], true},
		{"x-id", "eyJhbGciOiJI" + "UzI1NiJ9.eyJzdWIiOiIxMjM0NTY3.SflKxwRJSMeKKF2QT4", true},
		{"x-id", "-----BEGIN RSA " + "PRIVATE KEY-----", true},
		{"x-database", "postgres://shop:" + random + "@db.example.com/shop", true},
		{"x-auth", random, true},
		{"x-signing-key", random, true},
		{"x-session", random, true},
		{"x-id", random, false},
		{"x-trace-id", "4bf92f3577b34da6a3ce929d0e0e4736", false},
		{"x-auth-scheme", "bearer-with-a-long-name", false},
		{"x-auth", "${env:" + "A_LONG_NAME_WITH_1234567890}", false},
		{"x-docs", "https://user@docs.example.com/", false},
		{"x-author", "the shop's own team, 2026", false},
	} {
		text := fmt.Sprintf("version: 1\ntargets:\n  t:\n    http: {url: https://a.example/, headers: {%s: %q}}\nrules:\n  r: {on: a, to: t}\n", c.header, c.value)
		problems := findingsOf(t, FindingOptions{}, Source{"r.yaml", []byte(text)})
		if (len(problems) > 0) != c.found || c.found && (problems[0].Code != codeCredential || problems[0].Line != 4 || problems[0].Column < 46) {
			t.Errorf("%s: %s: %v", c.header, c.value, problems)
		}
		if strings.Contains(report(t, problems), c.value) {
			t.Errorf("%s is shown", c.value)
		}
	}
	token := "ghp_" + long[:36]
	problems := findingsOf(t, FindingOptions{}, conditionFile(`event.data.x == "`+token+`" && event.data.x == "b"`))
	if len(problems) != 2 || strings.Contains(report(t, problems), token) {
		t.Errorf("in a condition: %s", report(t, problems))
	}
}

func TestIgnore(t *testing.T) {
	const unused = "  unused: {queue: {name: u}}\n"
	for name, c := range map[string]struct{ text, want string }{
		"above":              {"targets:\n  q: {queue: {name: q}}\n  # wye:ignore WYE068 next week\n" + unused + "rules:\n  r: {on: a, to: q}\n", ""},
		"above, in a block":  {"targets:\n  q: {queue: {name: q}}\n  # Comes back.\n  # wye:ignore WYE068 next week\n  # See there.\n" + unused + "rules:\n  r: {on: a, to: q}\n", ""},
		"in its line":        {"targets:\n  q: {queue: {name: q}}\n  unused: {queue: {name: u}} # wye:ignore WYE068 next week\nrules:\n  r: {on: a, to: q}\n", ""},
		"inside":             {"targets:\n  q: {queue: {name: q}}\nrules:\n  r:\n    on: a\n    # wye:ignore WYE060 for the demonstration\n    when: event.data.x == 1 && event.data.x == 2\n    to: q\n", ""},
		"two codes":          {"targets:\n  q: {queue: {name: q}}\nrules:\n  # wye:ignore WYE060,WYE072 for the demonstration\n  r:\n    on: a\n    when: event.data.x == 1 && event.data.x == 2 && event.subject.matches(\"a[0-9]+\")\n    to: q\n", ""},
		"two comments":       {"targets:\n  q: {queue: {name: q}}\nrules:\n  # wye:ignore WYE060 for the demonstration\n  # wye:ignore WYE072 too\n  r:\n    on: a\n    when: event.data.x == 1 && event.data.x == 2 && event.subject.matches(\"a[0-9]+\")\n    to: q\n", ""},
		"a note of loading":  {"targets:\n  q: {queue: {name: q}}\nrules:\n  # wye:ignore WYE028 it is a public key\n  r: {on: a, to: q}\n", "WYE083 5:3"},
		"of another":         {"targets:\n  # wye:ignore WYE068 next week\n  q: {queue: {name: q}}\n" + unused + "rules:\n  r: {on: a, to: q}\n", "WYE083 3:3 WYE068 5:3"},
		"no reason":          {"targets:\n  q: {queue: {name: q}}\n  # wye:ignore WYE068\n" + unused + "rules:\n  r: {on: a, to: q}\n", "WYE080 4:3 WYE068 5:3"},
		"no code":            {"targets:\n  # wye:ignore\n  q: {queue: {name: q}}\nrules:\n  r: {on: a, to: q}\n", "WYE080 3:3"},
		"unknown code":       {"targets:\n  # wye:ignore WYE999 why\n  q: {queue: {name: q}}\nrules:\n  r: {on: a, to: q}\n", "WYE081 3:3"},
		"not a comment":      {"targets:\n  q: {queue: {name: q}}\nrules:\n  r:\n    description: |\n      # wye:ignore WYE999 why\n    on: a\n    to: q\n", ""},
		"in quotes":          {"targets:\n  q: {queue: {name: q}}\nrules:\n  r: {on: a, to: q, description: \"a # wye:ignore WYE999 why\"}\n", ""},
		"a word in a remark": {"targets:\n  # say wye:ignore to ignore\n  q: {queue: {name: q}}\nrules:\n  r: {on: a, to: q}\n", ""},
	} {
		got := strings.Join(foundAt(findingsOf(t, FindingOptions{}, Source{"r.yaml", []byte("version: 1\n" + c.text)})), " ")
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestIgnoreInAWholeFile(t *testing.T) {
	text := "# Targets that others use.\n# wye:ignore WYE068 for the teams\n\nversion: 1\ntargets:\n  a: {queue: {name: a}}\n  b: {queue: {name: b}}\n"
	rules := Source{"rules.yaml", []byte("version: 1\ntargets: {q: {queue: {name: q}}, other: {queue: {name: o}}}\nrules: {r: {on: a, to: q}}\n")}
	if got := strings.Join(foundAt(findingsOf(t, FindingOptions{}, Source{"a.yaml", []byte(text)}, rules)), " "); got != "WYE068 2:34" {
		t.Error(got)
	}
}

// TestIgnoreDoesNotHideErrors, nor is a rule read in another way beside one.
func TestIgnoreDoesNotHideErrors(t *testing.T) {
	o := FindingOptions{Schemas: schemasOf(t, map[string]string{"a": `{"properties": {"total": {"type": "number"}}, "additionalProperties": false}`})}
	text := "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  # wye:ignore WYE066 they send texts\n  r:\n    on: a\n    when: event.data.total == \"100\"\n    to: q\n"
	if got := strings.Join(foundAt(findingsOf(t, o, Source{"r.yaml", []byte(text)})), " "); got != "WYE082 4:3 WYE066 7:11 r" {
		t.Error(got)
	}
}

const orderSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$defs": {
    "item": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}, "fragile": {"type": "boolean"}, "quantity": {"type": "integer"}}, "additionalProperties": false}
  },
  "type": "object",
  "required": ["total", "customer"],
  "properties": {
    "total": {"type": "number"},
    "status": {"enum": ["open", "paid", "failed"]},
    "kind": {"const": "order"},
    "note": {"type": ["string", "null"]},
    "customer": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "country": {"type": "string"}}},
    "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
    "payment": {"oneOf": [
      {"type": "object", "properties": {"card": {"type": "string"}}, "additionalProperties": false},
      {"type": "object", "properties": {"iban": {"type": "string"}}, "additionalProperties": false}
    ]},
    "labels": {"type": "object", "patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": {"type": "number"}}
  },
  "additionalProperties": false
}`

func TestBySchema(t *testing.T) {
	o := FindingOptions{Schemas: schemasOf(t, map[string]string{"com.example.order.placed": orderSchema})}
	for _, c := range []struct{ condition, code string }{
		{`event.data.§totl > 100`, codeField},
		{`event.data["total"] > 100 && has(event.data.§totl)`, codeField},
		{`event.data.customer.§contry == "DE"`, codeField},
		{`event.data.customer.§vip == true`, codeField},
		{`event.data.items.exists(i, i.§skuu == "x")`, codeField},
		{`event.data.items[0].§skuu == "x"`, codeField},
		{`event.data.payment.§crd == "x"`, codeField},
		{`event.data.total.§cents > 1`, codeField},
		{`§event.data.total == "100"`, codeMismatch},
		{`§event.data.total > "100"`, codeMismatch},
		{`§event.data.status == "payd"`, codeMismatch},
		{`event.data.total > 1 && §event.data.status in ["cancelled", "void"]`, codeMismatch},
		{`§event.data.kind == "invoice"`, codeMismatch},
		{`§event.data.note == 5`, codeMismatch},
		{`event.data.items.exists(i, §i.quantity == "1")`, codeMismatch},
		{`§event.data.total != "100"`, codeMismatch},
		{`event.data.items.exists(i, §i.fragile == "true")`, codeMismatch},
		{`§event.data.items == "x"`, codeMismatch},
		{`§event.data.total.startsWith("1")`, codeMismatch},
		{`§event.data.labels["x-a"] == 5`, codeMismatch},
		// what must not be found
		{`event.data.total > 100 && event.data.status == "paid"`, ""},
		{`event.data.note == null || event.data.note == "x"`, ""},
		{`event.data.items.exists(i, i.sku == "x" && i.quantity > 2)`, ""},
		{`event.data.items.all(event, event.sku == "x")`, ""},
		{`event.data.payment.card == "x" || event.data.payment.iban == "y"`, ""},
		{`event.data.labels["x-a"] == "b" && event.data.labels.n == 5`, ""},
		{`event.data.customer.id != "7"`, ""},
		{`event.data.total != 5 && event.data.kind == "order"`, ""},
		{`event.data.status in ["paid", "void"]`, ""},
		{`event.subject == "x" && event.tenant == "y"`, ""},
		{`size(event.data.items) > 3 && event.data.items.map(i, i.quantity).exists(q, q > 5)`, ""},
	} {
		checkFound(t, o, c.condition, c.code)
	}
}

func TestBySchemaTells(t *testing.T) {
	o := FindingOptions{Schemas: schemasOf(t, map[string]string{"com.example.order.placed": orderSchema})}
	for when, want := range map[string]string{
		`event.data.totl > 100`:           `error: event.data has no field "totl" in the schema of com.example.order.placed (did you mean "total"?)`,
		`event.data.customer.vip == true`: `warning: event.data.customer has no field "vip" in the schema of com.example.order.placed (its fields are: country, id)`,
		`event.data.total == "100"`:       `error: event.data.total is a number in the schema of com.example.order.placed, so this is never true (write 100, without quotes)`,
		`event.data.customer.id == 7`:     `error: event.data.customer.id is a text in the schema of com.example.order.placed, so this is never true (write "7", in quotes)`,
		`event.data.status == "payd"`:     `error: event.data.status is one of "failed", "open", "paid" in the schema of com.example.order.placed, so this is never true (did you mean "paid"?)`,
		`event.data.note == 5`:            `error: event.data.note is a text or null in the schema of com.example.order.placed, so this is never true (write "5", in quotes)`,
		`event.data.total != "100"`:       `error: event.data.total is a number in the schema of com.example.order.placed, so this tells nothing (write 100, without quotes)`,
		`has(event.data.totl)`:            `warning: event.data has no field "totl" in the schema of com.example.order.placed (did you mean "total"?)`,
		`event.data.items.exists(i, i.a)`: `error: event.data.items[] has no field "a" in the schema of com.example.order.placed (its fields are: fragile, quantity, sku)`,
	} {
		problems := findingsOf(t, o, conditionFile(when))
		got := ""
		for _, p := range problems {
			got += fmt.Sprintf("%s: %s (%s)", p.Severity, p.Message, p.Hint)
		}
		if got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", when, got, want)
		}
	}
}

func TestTypesOfTheSchemas(t *testing.T) {
	o := FindingOptions{Schemas: schemasOf(t, map[string]string{
		"com.example.order.placed":   orderSchema,
		"com.example.order.returned": `{"type": "object", "properties": {"reason": {"type": "string"}}}`,
	})}
	for _, c := range []struct{ rest, want string }{
		{"on: com.example.order.plced", "WYE064 4:11 r"},
		{"on: com.other.**", "WYE064 4:11 r"},
		{"on: com.example.order.*", ""},
		{"on: [com.example.order.plced, com.example.order.placed], when: event.data.totl == 1", ""},
		{"on: com.example.order.*, when: event.data.total == 1", ""},
		{"on: com.example.order.*, when: event.data.reason == 'x'", ""},
		{"on: com.example.order.*, when: event.data.totl == 1", "WYE065 4:49 r"},
		{"on: com.example.order.*, when: event.type == 'com.example.order.placed' && event.data.reason == 'x'", "WYE065 4:93 r"},
		{"on: com.example.order.*, when: event.data.total == 'x'", ""},
	} {
		text := "version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n  r: {" + c.rest + ", to: q}\n"
		if got := strings.Join(foundAt(findingsOf(t, o, Source{"r.yaml", []byte(text)})), " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.rest, got, c.want)
		}
	}
}

func TestSchemasThatCannotBeUsed(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"not JSON":     {"{\n  \"type\": \"object\",\n}", "WYE074 3:1"},
		"not a schema": {"{\n  \"properties\": {\n    \"a\": {\"type\": \"text\"}\n  }\n}", "WYE074 3:19"},
		"elsewhere":    {"{\n  \"$ref\": \"https://example.com/x.json\"\n}", "WYE074 2:11"},
		"nowhere":      {"{\n  \"$ref\": \"#/$defs/x\"\n}", "WYE074 2:11"},
		"a file":       {"{\n  \"$ref\": \"other.json#/$defs/x\"\n}", "WYE074 2:11"},
		"pattern":      {"{\n  \"pattern\": \"(?=a)b\"\n}", "WYE074 2:14"},
		"deep":         {strings.Repeat("[", 200), "WYE074 1:101"},
		"empty":        {"", "WYE074 1:1"},
		"two":          {"{} {}", "WYE074 1:4"},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "a.json"), c.text)
		_, problems := LoadSchemas(dir)
		if got := strings.Join(foundAt(problems), " "); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		if len(problems) > 0 && libraryWords.MatchString(problems[0].Message) {
			t.Error(problems[0].Message)
		}
	}
}

// TestPlacesInConditionsOfOneShape: conditions that differ only in constants share
// one syntax tree, and each has its own places.
func TestPlacesInConditionsOfOneShape(t *testing.T) {
	var text strings.Builder
	text.WriteString("version: 1\ntargets: {q: {queue: {name: q}}}\nrules:\n")
	var want []string
	for i, c := range [][2]string{{"1", "0"}, {"100", "-50"}, {"123456789", "5.25"}, {"-1", "-200"}, {"7", "6"}} {
		fmt.Fprintf(&text, "  r%d: {on: a, to: q, when: event.data.x > %s && event.data.y == 'b' && event.data.x < %s}\n", i, c[0], c[1])
		want = append(want, fmt.Sprintf("WYE060 %d:%d r%d", 4+i, 28+len("event.data.x > ")+len(c[0])+len(" && event.data.y == 'b' && "), i))
	}
	got := foundAt(findingsOf(t, FindingOptions{}, Source{"r.yaml", []byte(text.String())}))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
