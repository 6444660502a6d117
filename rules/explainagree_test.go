package rules

import (
	"fmt"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/debug"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// writtenConditions are all conditions that stand in the tests of matching.
func writtenConditions(t *testing.T) []string {
	t.Helper()
	file, err := goparser.ParseFile(token.NewFileSet(), "match_test.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	seen := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		text, _ := strconv.Unquote(literal.Value)
		for _, line := range strings.Split(text, "\n") {
			line = strings.TrimSpace(line)
			if _, faults := checkCondition(line); faults == nil && line != "" && !seen[line] {
				seen[line] = true
				found = append(found, line)
			}
		}
		return true
	})
	if len(found) < 150 {
		t.Fatalf("only %d conditions were found", len(found))
	}
	return found
}

// explainEvents are events on which the written conditions say different things.
func explainEvents() []*cloudevent.Event {
	full := jsonEvent(`{
		"total": 250.5, "count": 3, "zero": 0, "neg": -7, "half": 0.5, "big": 9007199254740993, "huge": 18446744073709551615,
		"max": 9223372036854775807, "five": "5", "name": "Zoë", "plain": "Zoë", "yes": true, "no": false, "nothing": null,
		"tags": ["a", "b"], "nums": [1, 2.0, 3e0], "none": [], "items": [{"sku": "A", "price": 10}, {"sku": "B"}, {"price": 300}],
		"deep": {"a": {"b": {"c": 1}}}, "o": {"k": 1, "l": 2}, "when": "2026-01-31T12:00:00Z", "type": "t", "x": 100, "a-b": 1}`)
	full.Time, full.Subject = "2026-01-31T12:00:00.5+01:00", "order/1"
	full.Headers = []cloudevent.Header{{Name: "x-count", Value: "5"}, {Name: "x-env", Value: "test"}}
	full.Extensions = []cloudevent.Extension{{Name: "flag", Value: true}, {Name: "sampledrate", Value: int32(10)}}
	other := jsonEvent(`{"total": "many", "count": [1], "name": 5, "tags": {"a": 1}, "items": [1, {"sku": 1, "price": "x"}], "o": [], "yes": 1, "deep": {"a": []}}`)
	text := jsonEvent("")
	text.DataContentType, text.Data = "text/plain", []byte("hällo")
	broken := jsonEvent(`{"x":`)
	none := jsonEvent("")
	none.Data = nil
	return []*cloudevent.Event{full, other, text, broken, none}
}

// explainFaults says what is wrong with the explanation of a rule, given what
// matching says.
func explainFaults(m *Matcher, r *CompiledRule, x ExplainedRule, match *Match, ev *cloudevent.Event) string {
	want := OutcomeNotMatched
	switch {
	case !r.Enabled:
		want = OutcomeDisabled
	case !r.FitsType(ev.Type):
		want = OutcomeWrongType
	case match != nil && match.Err != nil:
		want = OutcomeFailed
	case match != nil:
		want = OutcomeMatched
	}
	if x.Outcome != want {
		return fmt.Sprintf("outcome %s, matching says %s", x.Outcome, want)
	}
	if (x.Reason == "" || x.Message == "") != (want == OutcomeMatched) {
		return fmt.Sprintf("reason %q, message %q", x.Reason, x.Message)
	}
	if x.Condition == nil {
		return ""
	}
	if x.Condition.Held != (want == OutcomeMatched || x.WouldMatch) {
		return fmt.Sprintf("the tree says %v", x.Condition.Held)
	}
	if (want == OutcomeNotMatched || want == OutcomeFailed) && (x.Decided == nil || x.Decided.Held || x.Decided.Reason == "") {
		return fmt.Sprintf("decided by %+v", x.Decided)
	}
	return partFaults(x.Condition, []rune(x.When))
}

// partFaults looks through a tree for what cannot be.
func partFaults(p *ExplainedPart, when []rune) string {
	if p.Start < 0 || p.End > len(when) || p.Start >= p.End || p.Text != string(when[p.Start:p.End]) {
		return fmt.Sprintf("%q is not what stands from %d to %d", p.Text, p.Start, p.End)
	}
	held := 0
	for _, kid := range p.Parts {
		if kid.Start < p.Start || kid.End > p.End {
			return fmt.Sprintf("%q is not inside %q", kid.Text, p.Text)
		}
		if kid.Held {
			held++
		}
		if fault := partFaults(kid, when); fault != "" {
			return fault
		}
	}
	switch {
	case p.Value == nil && (p.Reason == "" || p.Message == ""):
		return fmt.Sprintf("%q has neither a value nor a reason", p.Text)
	case len(p.Parts) == 0:
	case p.Kind == PartAnd && p.Held != (held == len(p.Parts)), p.Kind == PartOr && p.Held != (held > 0):
		return fmt.Sprintf("%q is %v with %d of %d", p.Text, p.Held, held, len(p.Parts))
	}
	for _, e := range p.Elements {
		if fault := partFaults(e.Part, when); fault != "" {
			return fault
		}
	}
	return ""
}

// checkExplanation compares an explanation of all rules with what evaluating
// one rule after the other gives.
func checkExplanation(t *testing.T, m *Matcher, ev *cloudevent.Event) {
	t.Helper()
	matches := map[string]*Match{}
	for _, match := range m.MatchOneByOne(ev, nil) {
		matches[match.Rule.Name] = &match
	}
	for _, o := range []ExplainOptions{{}, {All: true}} {
		x, err := m.Explain(ev, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, explained := range x.Rules {
			asked, _ := m.named([]string{explained.Name})
			if fault := explainFaults(m, asked[0], explained, matches[explained.Name], ev); fault != "" {
				t.Fatalf("%s\n%s on %s", fault, explained.When, ev.Data)
			}
		}
		var b strings.Builder
		if err := x.Write(&b, false); err != nil {
			t.Fatal(err)
		}
	}
}

// TestExplainAgreesOnWrittenConditions: whatever the tests of matching ask.
func TestExplainAgreesOnWrittenConditions(t *testing.T) {
	t.Parallel()
	alone(t)
	events := explainEvents()
	more := []string{
		`event.data.items.exists(event, .event.id == "1" && event.sku == "A")`,
		`event.data.items.exists(headers, headers.sku == "B" && "x-env" in .headers)`,
		`event.data.items.map(i, i.price > 9, i.sku)[0] == "A"`,
		`event.data.items.all(i, event.data.items.exists(j, i.price > j.price))`,
		`event.data.yes ? event.data.name : event.data.no`,
		`(event.data.yes ? event.data.missing : 1) == 1 || event.data.total > "x"`,
	}
	for _, when := range append(writtenConditions(t), more...) {
		m := testMatcher(t, when)
		for _, ev := range events {
			checkExplanation(t, m, ev)
		}
	}
}

// TestExplainAgreesOnGeneratedRules: the explanation never says anything else
// than matching.
func TestExplainAgreesOnGeneratedRules(t *testing.T) {
	t.Parallel()
	alone(t)
	sets := uint64(8)
	if raceDetector {
		sets = 3
	}
	for seed := range sets {
		w := newWorld(seed)
		m, err := loaded(source(w.rules(20)))
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			checkExplanation(t, m, w.event().made())
		}
	}
}

// TestPartsAreWhatIsWritten: the text of a part is that of its expression, no
// more and no less: parsed again it is the same.
func TestPartsAreWhatIsWritten(t *testing.T) {
	conditions := append(writtenConditions(t),
		`((event.data.a) == (1)) && !(event.data.b || (event.data.c))`,
		`!!!event.data.a || -(-event.data.b) - -1 > - 2`,
		`(event.data.a ? event.data.b : (event.data.c)) == [1, (2), {"a": (3)}]["x"][0]`,
		".event.id == \"1\" && .size(.event.source) > 1 && has( event . data . a )",
		"event.data.a\n  .b\n  [ 1 ]. // a comment (\n c > 1",
		`event.data.l.map(x, x > 1, x + 1).filter(y, y in [1]).exists_one(z, (z) == 1)`,
		`("a" + 'b(' + r"c\" + """d"e""" + b"x".size().a).startsWith("(") == true`,
		`event.data.s.matches("[)]") && (((event.data.x)).y.startsWith(("a")))`)
	parts := 0
	for _, when := range conditions {
		d, ok := dissect(when)
		if !ok {
			continue
		}
		d.each(d.root, func(c *clause) {
			parts++
			text := d.textOf(c)
			again, issues := celEnv().Parse(text)
			if issues.Err() != nil {
				t.Errorf("%s: the part %q is no expression: %v", when, text, issues.Err())
				return
			}
			if c.kind == PartLiteral { // compared with nothing, a large number is not made exact
				return
			}
			exactLiterals(text, again.NativeRep())
			if got, want := plainShape(again.NativeRep().Expr()), plainShape(c.expr); got != want {
				t.Errorf("%s: the part %q is %s, not %s", when, text, got, want)
			}
		})
	}
	if parts < 1000 {
		t.Errorf("only %d parts", parts)
	}
}

// plainShape is an expression without the dots before global names, which the
// type checker removes.
func plainShape(e celast.Expr) string {
	lines := strings.Split(debug.ToDebugString(e), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimSpace(line), ".")
	}
	return strings.Join(lines, "\n")
}

func (d *dissection) each(c *clause, do func(*clause)) {
	do(c)
	for _, kid := range append(c.kids[:len(c.kids):len(c.kids)], c.body...) {
		d.each(kid, do)
	}
}
