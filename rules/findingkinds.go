package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/ast"

	"github.com/wye-events/wye/rules/logic"
)

// mixedKinds finds fields that are compared with a text in one term of an && or
// || and with a number or true or false in another: one of the two never matches,
// whatever the field is.
//
// Terms that stand in different places may look at different events, and a value
// that is written in both ways ("5" and 5) is meant to be taken in both: neither
// is told.
func (c *conditionFinder) mixedKinds() {
	c.eachPart(c.root, func(p *part) {
		if p.op != partAnd && p.op != partOr {
			return
		}
		first := map[string]*part{}
		for _, kid := range p.kids {
			term, kind := compared(kid.formula)
			if kind == 0 || c.looksAtType(term) {
				continue
			}
			other := first[term]
			if other == nil {
				first[term] = kid
				continue
			}
			if _, otherKind := compared(other.formula); otherKind != kind && (kind|otherKind)&logic.Text != 0 && !sameInOtherWords(kid, other) {
				c.found(kid, codeMixed, fmt.Sprintf("%s and %s: the field is compared with %s and with %s, and it cannot be both",
					c.quoted(other), c.quoted(kid), kindWord(otherKind), kindWord(kind)),
					"compare it with values of the kind that publishers send; text is in quotes, numbers are not")
				return
			}
		}
	})
}

// eachPart visits a part and all below it.
func (c *conditionFinder) eachPart(p *part, visit func(*part)) {
	visit(p)
	for _, kid := range p.kids {
		c.eachPart(kid, visit)
	}
}

// compared is the term of a test against constants and the one kind that they
// are of; 0 where they are of none or of several.
func compared(f *logic.Formula) (term string, kind logic.Kind) {
	for f.Op == logic.Not {
		f = f.Kids[0]
	}
	if f.Op != logic.Test || !isData(f.Term) {
		return "", 0
	}
	switch kinds := f.Sets[logic.IsTrue].Kinds; {
	case kinds == logic.Text, kinds == logic.Number:
		return f.Term, kinds
	}
	return "", 0
}

func kindWord(kind logic.Kind) string {
	if kind == logic.Text {
		return "a text"
	}
	return "a number"
}

// looksAtType tells whether the condition asks of what type a field is.
func (c *conditionFinder) looksAtType(term string) (asks bool) {
	ast.PreOrderVisit(c.root.expr, ast.NewExprVisitor(func(e ast.Expr) {
		asks = asks || isCall(e, "type") && c.formulas.key(e.AsCall().Args()[0]) == term
	}))
	return asks
}

// sameInOtherWords tells whether two tests are for one value as a text and as a
// number, or for an empty text, which a form sends for no number.
func sameInOtherWords(a, b *part) bool {
	x, okX := valuesOf(a.formula)
	y, okY := valuesOf(b.formula)
	if okX && emptyText(x) || okY && emptyText(y) {
		return true
	}
	if !okX || !okY {
		return false
	}
	for _, v := range x {
		for _, w := range y {
			if inNumber(v) == inNumber(w) && inNumber(v) != "" {
				return true
			}
		}
	}
	return false
}

func valuesOf(f *logic.Formula) ([]string, bool) {
	for f.Op == logic.Not {
		f = f.Kids[0]
	}
	return f.Sets[logic.IsTrue].Finite()
}

func emptyText(values []string) bool { return len(values) == 1 && values[0] == `"` }

// inNumber is the number that a value is or spells, in one form; or "".
func inNumber(value string) string {
	text, isText := strings.CutPrefix(value, `"`)
	if !isText {
		text, _, _ = strings.Cut(value, "/")
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return ""
	}
	return strconv.FormatFloat(n, 'g', -1, 64)
}
