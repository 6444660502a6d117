package rules

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// liftable are conditions with every place that a literal can have.
var liftable = []string{
	`event.type == "a"`,
	`"a" == event.type`,
	`event.data.x > 100 && event.data.y == "v1"`,
	`event.data.x >= -5 && event.data.x<-5.5e-3 || event.data.x != 7u`,
	`- 5 < event.data.x`,
	`event.data.x == --5`,
	`event.data.x - 5 == 3 - 5`,
	`event.data.x * 2 > 9 && 2 * event.data.x > 9 + 1`,
	`event.data.country in ["DE", 'FR', "x\"y", r"\d"]`,
	`event.data.n in [1, -2, 3.5, 4u, 0x1F, event.data.m, 5]`,
	`event.data.n in [1, 2,]`,
	`event.data.n in [1, 2].map(x, x + 1)`,
	`event.source.startsWith("/tenants/t1") && !event.id.endsWith('z') || event.id.contains("ä")`,
	`"tag" in event.data.tags && !("x" in headers) && "y" in headers == true`,
	`headers["x-env"] == "prod" && headers["x-" + "a"] != "b"`,
	`event.data["key"]["a"][0] == "b"`,
	`event.data.email.matches("^a.*") && event.data.email.matches(r"\d+")`,
	`event.time > timestamp("2026-01-31T12:00:00Z")`,
	`event.time - event.time < duration("1h")`,
	`event.data.items.exists(i, i.sku == "A-100" && i.qty > 3)`,
	`event.data.items.exists(i, "x" in i.tags) || event.data.items.filter(i, i.n == 4).size() > 2`,
	`event.data.items.all(i, i == 1 ? i == 2 : i == 3)`,
	`(event.type == "a" || event.type == "b") && !(event.data.country == "US")`,
	`has(event.data.risk) && event.data.risk >= 0.5`,
	`event.data.x == 9007199254740993.0 || event.data.x == 9007199254740993`,
	`event.data.a == {"k": 1, "l": 2 < event.data.x} && event.data.b == [1, 2]`,
	`event.data.x == 5 == true`,
	`event.data.x > 5 ? event.data.y == "a" : event.data.y == "b"`,
	"event.data.x // a comment with \"quotes\n == 5",
	`event.data.s == "ä😀" && event.data.t == "x"`,
	`event.data.s == "" && event.data.t == ''`,
	`event.data.s == """a"b""" && event.data.t == b"x" && event.data.u == rb'y'`,
	`size("abc") == 3 && "abc".size() == 3 && "abc".startsWith("a")`,
	`event.data.x == 1e5 && event.data.x == .5`,
	`event.data.x == 5 . size()`,
	`event.data.x == null || event.data.x == true`,
	`dyn(event).sorce == "x"`,
	`1 < 2`,
	`event.data.x in [[1], [2]]`,
	`{"a": event.data.x == 1}["a"]`,
	`[event.data.x == 1][0]`,
	`event.data.x == 99999999999999999999`,
	`event.data.x == 1e999`,
	`event.data.x==5u||event.data.x==5U`,
	`event.id == "r" && event.id == r"r"`,
	`event.data.a.b < "b" && "a" <= event.data.a.b`,
}

// sameTree compares a tree whose literals are given by consts with another.
func sameTree(t *testing.T, sh *shape, consts []ref.Val, want *ast.AST) error {
	t.Helper()
	got := ast.Copy(sh.ast)
	found := 0
	factory := ast.NewExprFactory()
	ast.PreOrderVisit(got.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if i, ok := sh.holes[e.ID()]; ok {
			found++
			e.SetKindCase(factory.NewLiteral(e.ID(), consts[i]))
		}
	}))
	if found != len(consts) || len(sh.holes) != len(consts) {
		return fmt.Errorf("%d holes are in the tree, %d in the shape, for %d constants", found, len(sh.holes), len(consts))
	}
	if g, w := treeText(got), treeText(want); g != w {
		return fmt.Errorf("the tree is\n%s\nnot\n%s", g, w)
	}
	return nil
}

// treeText writes a checked tree down with all that was found out about it.
func treeText(a *ast.AST) string {
	var b strings.Builder
	ast.PreOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		fmt.Fprintf(&b, "%d %d %s", e.ID(), e.Kind(), a.GetType(e.ID()))
		if r, ok := a.ReferenceMap()[e.ID()]; ok {
			fmt.Fprintf(&b, " %s %v %v", r.Name, r.OverloadIDs, r.Value)
		}
		switch e.Kind() {
		case ast.LiteralKind:
			fmt.Fprintf(&b, " %T %v", e.AsLiteral(), types.Format(e.AsLiteral()))
		case ast.CallKind:
			fmt.Fprintf(&b, " %s/%d", e.AsCall().FunctionName(), len(e.AsCall().Args()))
		case ast.SelectKind:
			fmt.Fprintf(&b, " .%s %v", e.AsSelect().FieldName(), e.AsSelect().IsTestOnly())
		case ast.IdentKind:
			fmt.Fprintf(&b, " %s", e.AsIdent())
		case ast.ListKind:
			fmt.Fprintf(&b, " [%d]", e.AsList().Size())
		case ast.MapKind:
			fmt.Fprintf(&b, " {%d}", e.AsMap().Size())
		case ast.ComprehensionKind:
			c := e.AsComprehension()
			fmt.Fprintf(&b, " %s %s %s", c.IterVar(), c.IterVar2(), c.AccuVar())
		}
		b.WriteByte('\n')
	}))
	return b.String()
}

// withOtherConstants writes a condition anew: other constants in its holes,
// other white space between its words.
func withOtherConstants(l *lifter, r *rand.Rand) string {
	holes := map[int]ref.Val{}
	for _, h := range l.holes {
		holes[h.at] = h.value
	}
	var b strings.Builder
	for i := 1; i < len(l.words)-1; i++ {
		w := l.words[i]
		if v, ok := holes[int(w.start)]; ok {
			if w.kind == wordSymbol {
				i++
			}
			b.WriteString(otherLiteral(v, r))
		} else {
			b.WriteString(l.word(i))
		}
		if i+2 == len(l.words) || l.words[i].end < l.words[i+1].start || r.IntN(3) == 0 {
			b.WriteString([]string{" ", "\n", "\t ", " // \"c\n"}[r.IntN(4)])
		}
	}
	return b.String()
}

func otherLiteral(v ref.Val, r *rand.Rand) string {
	sign := []string{"", "-", "- "}[r.IntN(3)]
	switch v.(type) {
	case types.String:
		text := []string{"", "x", "a b", "ö", "// no comment", "1", "]", "in", "\u2028"}[r.IntN(9)]
		if r.IntN(2) == 0 {
			return `"` + text + `'"`
		}
		return `'` + text + `"'`
	case types.Int:
		return sign + fmt.Sprint(r.Uint64N(1<<uint(r.IntN(62))))
	case types.Uint:
		return fmt.Sprint(r.Uint64()) + []string{"u", "U"}[r.IntN(2)]
	}
	return sign + fmt.Sprintf("%d.%d", r.Uint64N(1<<40), r.Uint64N(1000)) + []string{"", "e2", "E-7", "e+1"}[r.IntN(4)]
}

// checkLift holds a shape against the full compilation of another condition
// that has it.
func checkLift(t *testing.T, text string, r *rand.Rand) {
	t.Helper()
	var s shapes
	var l lifter
	first, consts, faults := s.of(text)
	if _, want := compileCondition(text); fmt.Sprint(faults) != fmt.Sprint(want) {
		t.Fatalf("%s:\nfaults %v, not %v", text, faults, want)
	}
	if faults != nil {
		return
	}
	if err := sameTree(t, first, consts, first.ast); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if !l.lift(text) || first.holes == nil {
		return
	}
	for range 2 { // the second time the shape is remembered
		if first, _, faults = s.of(text); faults != nil {
			t.Fatal(faults)
		}
	}
	other := withOtherConstants(&l, r)
	checked, faults := checkCondition(other)
	if len(other) > maxConditionText {
		return
	}
	if faults != nil {
		t.Fatalf("%s\nis right, and with other constants it is not:\n%s\n%v", text, other, faults)
	}
	sh, consts, faults := s.of(other)
	if sh != first || faults != nil {
		t.Fatalf("%s\nand\n%s\nhave two shapes, %v", text, other, faults)
	}
	if err := sameTree(t, sh, consts, checked.NativeRep()); err != nil {
		t.Fatalf("%s\nand\n%s: %v", text, other, err)
	}
}

// TestConditionsOfOneShape: the tree of a shape with a condition's constants is
// the tree of that condition.
func TestConditionsOfOneShape(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, text := range liftable {
		for range 8 {
			checkLift(t, text, r)
		}
	}
}

func FuzzLift(f *testing.F) {
	for i, text := range liftable {
		f.Add(text, uint64(i))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		checkLift(t, text, rand.New(rand.NewPCG(seed, 0)))
	})
}

// TestWhatIsLifted pins which literals may differ within a shape.
func TestWhatIsLifted(t *testing.T) {
	for text, want := range map[string]string{
		`event.type == "a" && 5 < event.data.x`:               `a 5`,
		`event.data.x >= -5 || event.data.x < - 5.5`:          `-5 -5.5`,
		`event.data.x - 5 == 3`:                               `3`,
		`event.data.x == 3 - 5`:                               ``,
		`event.data.n in [1, 'b', -2.5, event.data.m, 5]`:     `1 b -2.5`,
		`event.id.startsWith("a") && size("b") > 1`:           `a 1`,
		`"a" in event.data.l && !("b" in headers)`:            `a`,
		`headers["a"] == "b" && event.data["c"][0] != 1`:      `b 1`,
		`event.id.matches("a")`:                               ``,
		`event.time > timestamp("2026-01-31T12:00:00Z")`:      ``,
		`event.data.x == 9007199254740993.0`:                  ``,
		`event.data.x == 9007199254740993`:                    `9007199254740993`,
		`event.data.x == "a\n" || event.data.x == r"b"`:       ``,
		`event.data.l.exists(i, i.a == "b" && "c" in i.d)`:    `b c`,
		`event.data.x == 5 ? event.data.y == 1 : 2 == dyn(3)`: `5 1 2`,
	} {
		var s shapes
		_, consts, faults := s.of(text)
		if faults != nil {
			t.Errorf("%s: %v", text, faults)
			continue
		}
		var words []string
		for _, c := range consts {
			words = append(words, fmt.Sprint(c.Value()))
		}
		if got := strings.Join(words, " "); got != want {
			t.Errorf("%s: lifted %q, not %q", text, got, want)
		}
	}
}

// TestShapesAreBounded: conditions that all have shapes of their own are not
// remembered, and those that are remembered are not too many.
func TestShapesAreBounded(t *testing.T) {
	var s shapes
	for i := range maxShapes + 100 {
		text := fmt.Sprintf(`event.data.f%d == 1`, i)
		known := len(s.known)
		if s.of(text); len(s.known) > known {
			t.Fatal("a shape is remembered that was met once")
		}
		s.of(text)
		s.of(text)
	}
	if len(s.known) > maxShapes {
		t.Errorf("%d shapes are remembered", len(s.known))
	}
}

func BenchmarkShapeOf(b *testing.B) {
	const text = `event.type == "com.acme.order.created.v1" && event.data.amount > 120 && event.data.country in ["DE", "FR", "NL"]`
	var s shapes
	for range 2 {
		s.of(text)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.of(text)
	}
}
