package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// number is a number, or several so near each other that they are easily
// confused, as conditions and as events write them.
type number struct{ literals, spellings []string }

var numbers = []number{
	{words("0 0u 0.0 -0.0 0e1"), words("0 -0 0.0 -0.0 0e5 0e99999999999999999999")},
	{words("1 1.0 1u 10e-1"), words("1 1.0 1e0 0.1e1 10e-1")},
	{words("2 2u 2.0"), words("2 2.0 2.00 0.2e1")},
	{words("5 5u 5.0 5e0"), words("5 5.0 50e-1 5E+0")},
	{words("-1 -1.0 -7 -7.0"), words("-1 -1.0 -7 -7e0 -70e-1")},
	{words("100 100u 100.0 1e2"), words("100 100.0 1e2 1E+2 1000e-1")},
	{words("0.1 0.5 0.3 1.5"), words("0.1 0.5 0.30000000000000004 5e-1 1.5 15e-1")},
	{words("9007199254740991 9007199254740992 9007199254740993 9007199254740992.0 9007199254740993.0 9007199254740993u"),
		words("9007199254740991 9007199254740992 9007199254740993 9007199254740992.0 9007199254740993.0 900719925474099300e-2")},
	{words("9223372036854775807 9223372036854775806 9223372036854775808u 9223372036854775807.0 9223372036854775808.0 9.223372036854775807e18"),
		words("9223372036854775807 9223372036854775806 9223372036854775808 9223372036854775807.0 9.223372036854775808e18")},
	{words("9223372036854775808u 9223372036854775809u 10000000000000000001u 10000000000000000002u"),
		words("9223372036854775808 9223372036854775809 10000000000000000001 1000000000000000000.1e1 10000000000000000002.0")},
	{words("18446744073709551615u 18446744073709551614u 18446744073709551615.0 18446744073709551616.0 1.8446744073709552e19"),
		words("18446744073709551615 18446744073709551616 18446744073709551614.0 1.8446744073709552e19")},
	{words("-9223372036854775808 -9223372036854775807 -9223372036854775808.0 -9.3e18"),
		words("-9223372036854775808 -9223372036854775809 -9223372036854775807 -9.3e18")},
	{words("1e30 1e308 1.7976931348623157e308"), words("1e30 1e400 -1e400 1e-400 -1e-400 123456789012345678901234567890 1e308")},
}

var texts = []string{
	"", "a", "ab", "abc", "abcd", "b", "A", "Abc", "é", "e\u0301", "😀", "😀a", "\x00", "\ufffd", "5", "true", "null",
	"a b", "a.b", "com.example.order.placed", "2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", "x/y", `"`, `\`, "\u2028",
	strings.Repeat("long ", 60),
}

// nestedTexts begin with, end with and hold one another.
var nestedTexts = []string{"a", "ab", "abc", "abcd", "b", "bc", "bcd", "c", "cab", "bab"}

// times are all near one instant, and some not times at all.
var times = []string{
	"2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00.000000001Z", "2026-01-31T11:59:59.999Z",
	"2026-02-31T12:00:00Z", "2025-12-31T23:59:59-08:00", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "yesterday",
}

var somePatterns = []string{
	"a", "^a", "a$", "^a$", "^(a|ab)$", "a|b", "^a.*c$", "^abc", "^$", "", ".", "^é$", "[a-c]+", "^[^a]", "(?i)abc", "^a|b$", "^ab?c*$",
	`^a\.b$`, `^com\.example\.`, `\d`, "^(com|org)", "^😀", `\x00`, `\Aab`, `ab\z`, "(?s)^.$", "(?m)^b$",
}

func words(s string) []string { return strings.Fields(s) }

// number is a number as a condition writes it.
func (w *world) number() string {
	n := pick(w, w.numbers)
	if w.chance(20) {
		n = pick(w, numbers)
	}
	s := pick(w, n.literals)
	if s[0] == '-' && w.chance(30) {
		return "(" + s + ")"
	}
	return s
}

func (w *world) text() string {
	if w.chance(20) {
		return pick(w, texts)
	}
	return pick(w, w.texts)
}

// literal is a constant of a kind, mostly, as a condition writes it.
func (w *world) literal(k kind) *tree {
	t := w.newLiteral(k)
	if len(t.parts) == 0 {
		t.constant = &constant{kind: k}
	}
	return t
}

func (w *world) newLiteral(k kind) *tree {
	if w.chance(12) {
		k = kind(w.IntN(int(kinds)))
	}
	switch k {
	case numberKind:
		return leaf(w.number())
	case boolKind:
		return leaf(pick(w, []string{"true", "false"}))
	case nullKind:
		return leaf("null")
	case timeKind:
		return leaf(w.quoted(pick(w, times)))
	case numbersKind:
		return w.list(numberKind)
	case textsKind:
		return w.list(textKind)
	case objectKind:
		return wrap("{", "}", infix(": ", leaf(w.quoted(pick(w, fieldNames))), w.literal(kind(w.IntN(4)))))
	case objectsKind:
		return pick(w, []*tree{leaf("[]"), leaf("{}"), leaf("b'a'"), leaf("b''"), leaf(`b"\xff"`), leaf("[[]]"), leaf("[null]")})
	}
	return leaf(w.quoted(w.text()))
}

// list is a list of constants, sometimes of several kinds.
func (w *world) list(k kind) *tree {
	var parts []*tree
	for range w.IntN(5) {
		if w.chance(15) {
			k = kind(w.IntN(4))
		}
		parts = append(parts, w.literal(k))
	}
	return wrap("[", "]", parts...)
}

// quoted is a text as a condition writes it, in one of the ways that there are.
func (w *world) quoted(s string) string {
	if !strings.ContainsAny(s, "\\\"'\x00\u2028") && w.chance(30) {
		return pick(w, []string{"'" + s + "'", `r"` + s + `"`, `"""` + s + `"""`})
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r == utf8.RuneError || w.chance(5):
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}
