package rules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// finding is why a clause is not true.
type finding struct {
	reason  Reason
	message string
	nearest string
}

// finding says why a clause is false or has no value.
func (x *explainer) finding(c *clause, s *scope) finding {
	r := x.reading(c, s)
	switch {
	case r.err != nil:
		return x.failure(c, s)
	case r.isFalse():
		return x.falsehood(c, s)
	case r.isTrue():
		return finding{}
	}
	return finding{reason: ReasonKind, message: fmt.Sprintf("%s is %s, not true or false", x.cited(c), describe(r.value))}
}

// failure says why a clause has no value.
func (x *explainer) failure(c *clause, s *scope) finding {
	c, s, r := x.culprit(c, s)
	switch {
	case r.err == nil: // a term that is no bool, or the range of a loop that is no list
		if c.kind == PartLoop {
			return finding{reason: ReasonKind, message: fmt.Sprintf("%s is %s; %s needs a list or an object",
				x.cited(c.kids[0]), describe(x.reading(c.kids[0], s).value), c.loop)}
		}
		return x.finding(c, s)
	case errors.Is(r.err, errWork):
		return finding{reason: ReasonError, message: r.err.Error()}
	case isMissing(r.err):
		return x.absence(c, s)
	case r.tooLong():
		return finding{reason: ReasonError, message: fmt.Sprintf("%s: %s", x.cited(c), errCost)}
	}
	if f, ok := x.fieldOfList(c, s); ok {
		return f
	}
	reason := ReasonError
	if isKindError(r.err) {
		reason = ReasonKind
	}
	return finding{reason: reason, message: fmt.Sprintf("%s: %s", x.cited(c), plainError(r.err, x.calls))}
}

// fieldOfList finds that a field was asked of a list, which has only elements.
func (x *explainer) fieldOfList(c *clause, s *scope) (finding, bool) {
	if c.kind != PartField || len(c.kids) == 0 {
		return finding{}, false
	}
	name := x.memberName(c, s)
	list, ok := x.reading(c.kids[0], s).value.(traits.Lister)
	if name == "" || !ok {
		return finding{}, false
	}
	return finding{reason: ReasonKind, message: fmt.Sprintf("%s is a list with %s, and has no field %s",
		x.cited(c.kids[0]), elementsWords(sizeOf(list)), shortened(name))}, true
}

// isKindError tells the errors that come of values of the wrong kind, which
// neither cel-go nor the functions of this package tell apart but by text.
func isKindError(err error) bool {
	text := err.Error()
	for _, begins := range []string{"no such overload", "got '", "unsupported index type", "a list is indexed", "type conversion error"} {
		if strings.HasPrefix(text, begins) {
			return true
		}
	}
	return strings.Contains(text, " cannot be used between ") || strings.Contains(text, " needs a list or an object")
}

// culprit finds the clause from which an error comes: the innermost one that
// fails although all that it needs is there. Its own result has no error where
// what failed is that a value was no bool, or nothing to loop over.
func (x *explainer) culprit(c *clause, s *scope) (*clause, *scope, reading) {
	var next *clause
	round := s
	switch c.kind {
	case PartAnd, PartOr:
		next = x.decisiveTerm(c, s)
	case PartChoice:
		next = x.branchOrCondition(c, s)
	case PartLoop:
		next, round = x.loopCulprit(c, s)
	default:
		for _, kid := range c.kids {
			if x.reading(kid, s).err != nil {
				next = kid
				break
			}
		}
	}
	if next == nil {
		return c, s, x.reading(c, s)
	}
	if r := x.reading(next, round); r.err == nil {
		return next, round, r
	}
	return x.culprit(next, round)
}

func (x *explainer) loopCulprit(c *clause, s *scope) (*clause, *scope) {
	switch over := x.reading(c.kids[0], s); {
	case over.err != nil:
		return c.kids[0], s
	case x.reading(c, s).tooLong():
		return nil, s
	}
	for _, round := range x.scopes(c, s) {
		if body := x.roundClause(c, round); x.failsLoop(c, x.reading(body, round)) {
			return body, round
		}
	}
	return nil, s
}

// falsehood says why a clause is false.
func (x *explainer) falsehood(c *clause, s *scope) finding {
	f := finding{reason: ReasonFalse}
	switch c.kind {
	case PartAnd:
		return x.falsehood(x.decisiveTerm(c, s), s)
	case PartOr:
		f.message = fmt.Sprintf("none of the %d alternatives is true", len(c.kids))
	case PartNot:
		f.message = fmt.Sprintf("%s is true", x.cited(c.kids[0]))
	case PartChoice:
		return x.falsehood(x.branch(c, s), s)
	case PartLoop:
		f.message = x.emptiness(c, s)
	case PartField:
		f.message = fmt.Sprintf("%s is false", x.cited(c))
	case PartLiteral:
		f.message = "it is written as false"
	default:
		return x.falseCall(c, s)
	}
	return f
}

// emptiness says why a loop is false.
func (x *explainer) emptiness(c *clause, s *scope) string {
	over, n := x.cited(c.kids[0]), len(x.scopes(c, s))
	switch found := x.decisiveRounds(c, s); {
	case n == 0:
		return fmt.Sprintf("%s is empty", over)
	case c.loop == "exists":
		return fmt.Sprintf("no element of %s fits (%d looked at)", over, n)
	case c.loop == "all" && len(found) == 1:
		return fmt.Sprintf("element %d of %s does not fit", found[0], over)
	case c.loop == "all":
		return fmt.Sprintf("not all elements of %s fit", over)
	case len(found) == 0:
		return fmt.Sprintf("no element of %s fits (%d looked at), not exactly one", over, n)
	default:
		return fmt.Sprintf("more than one element of %s fits, not exactly one", over)
	}
}

// falseCall says why an operator or function gives false: the values of what
// it was given, or that these can never be equal.
func (x *explainer) falseCall(c *clause, s *scope) finding {
	if c.expr.Kind() == ast.SelectKind { // has()
		return x.absence(c, s)
	}
	if f, ok := x.kindsDiffer(c, s); ok {
		return f
	}
	var values []string
	for _, kid := range c.kids {
		if r := x.reading(kid, s); kid.kind != PartLiteral && r.err == nil && len(values) < 3 {
			values = append(values, fmt.Sprintf("%s is %s", x.cited(kid), brief(r.value)))
		}
	}
	f := finding{reason: ReasonFalse, message: strings.Join(values, ", ")}
	if len(values) == 0 {
		f.message = "it is false for every event"
	}
	return f
}

// kindsDiffer finds an == that is false because its sides are of kinds that
// are never equal, and an `in` of which that holds for the whole list.
func (x *explainer) kindsDiffer(c *clause, s *scope) (finding, bool) {
	if c.expr.Kind() != ast.CallKind || len(c.kids) != 2 {
		return finding{}, false
	}
	left, right := c.kids[0], c.kids[1]
	l, r := x.reading(left, s), x.reading(right, s)
	if l.err != nil || r.err != nil {
		return finding{}, false
	}
	switch c.expr.AsCall().FunctionName() {
	case operators.Equals:
		if left.kind == PartLiteral {
			left, l, r = right, r, l
		}
		if l.value.Type() == types.NullType || r.value.Type() == types.NullType || typeName(l.value) == typeName(r.value) {
			return finding{}, false
		}
		return finding{reason: ReasonKind, message: fmt.Sprintf("%s is %s, which never equals %s", x.cited(left), describe(l.value), describe(r.value))}, true
	case operators.In:
		if list, ok := r.value.(traits.Lister); ok && left.kind != PartLiteral && noneOfKind(list, l.value) {
			return finding{reason: ReasonKind, message: fmt.Sprintf("%s is %s; nothing in the list is of that kind", x.cited(left), describe(l.value))}, true
		}
	}
	return finding{}, false
}

func noneOfKind(list traits.Lister, v ref.Val) bool {
	want, left := typeName(v), maxRounds
	empty := true
	for it := list.Iterator(); it.HasNext() == types.True; empty = false {
		if left--; left < 0 || typeName(it.Next()) == want {
			return false
		}
	}
	return !empty
}

// cited is the text of a clause in a sentence, in one line and not too long.
func (x *explainer) cited(c *clause) string {
	const limit = 60
	r := []rune(strings.Join(strings.Fields(x.textOf(c)), " "))
	if len(r) > limit {
		r = append(r[:limit-1], '…')
	}
	return "`" + string(r) + "`"
}

// brief is a value in a sentence.
func brief(v ref.Val) string {
	const limit = 60
	w := valueWriter{left: limit}
	w.value(v)
	return w.b.String()
}
