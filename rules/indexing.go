package rules

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/wye-events/wye/rules/index"
)

// indexer turns checked syntax trees into the tests that an index
// understands. What it does not know for certain to mean the same becomes an
// [index.Unknown], which CEL evaluates: to leave something out here costs time
// and nothing else.
type indexer struct {
	fields   map[ast.Expr]*index.Field // of shapes, so that their conditions share them
	patterns map[string]*index.Pattern
	calcs    map[ast.Expr]*sharedCalc
}

func newIndexer() *indexer {
	return &indexer{fields: map[ast.Expr]*index.Field{}, patterns: map[string]*index.Pattern{}, calcs: map[ast.Expr]*sharedCalc{}}
}

// indexing is one condition being translated.
type indexing struct {
	*indexer
	shape  *shape
	consts []ref.Val
}

// condition translates a condition of a shape.
func (t *indexer) condition(s *shape, consts []ref.Val) *index.Expr {
	return (&indexing{t, s, consts}).expr(s.ast.Expr())
}

func (t *indexing) expr(e ast.Expr) *index.Expr {
	switch e.Kind() {
	case ast.LiteralKind:
		if b, ok := t.literal(e).(types.Bool); ok {
			return constantTest(bool(b))
		}
	case ast.SelectKind:
		if e.AsSelect().IsTestOnly() {
			return t.has(e)
		}
		return t.isTrue(e)
	case ast.CallKind:
		return t.call(e, e.AsCall())
	case ast.ComprehensionKind:
		if some := t.exists(e, e.AsComprehension()); some != nil {
			return some
		}
	}
	return t.unknown(e)
}

func constantTest(yes bool) *index.Expr {
	if yes {
		return &index.Expr{Op: index.Constant}
	}
	return &index.Expr{Op: index.Constant, Flags: index.NotTrue}
}

// unknown is what nothing can be looked up by: a calculation, or else left to
// CEL.
func (t *indexing) unknown(e ast.Expr) *index.Expr {
	if test := t.compute(e); test != nil {
		return test
	}
	return &index.Expr{Op: index.Unknown, Field: t.first(e)}
}

func (t *indexing) call(e ast.Expr, call ast.CallExpr) *index.Expr {
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.LogicalAnd:
		return &index.Expr{Op: index.And, Kids: t.all(args)}
	case operators.LogicalOr:
		return &index.Expr{Op: index.Or, Kids: t.all(args)}
	case operators.LogicalNot:
		return not(t.expr(args[0]))
	case operators.Equals, operators.NotEquals:
		if test := t.equal(args[0], args[1]); test != nil {
			if name == operators.NotEquals {
				return not(test)
			}
			return test
		}
	case operators.In:
		if test := t.in(args[0], args[1]); test != nil {
			return test
		}
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		if test := t.order(name, args[0], args[1]); test != nil {
			return test
		}
	case operators.Index:
		return t.isTrue(e)
	case "startsWith", "endsWith", "contains", "matches":
		if test := t.text(name, call); test != nil {
			return test
		}
	}
	return t.unknown(e)
}

func (t *indexing) all(args []ast.Expr) []*index.Expr {
	kids := make([]*index.Expr, len(args))
	for i, a := range args {
		kids[i] = t.expr(a)
	}
	return kids
}

func not(e *index.Expr) *index.Expr { return &index.Expr{Op: index.Not, Kids: []*index.Expr{e}} }

// equal is a field beside a constant, or nil.
func (t *indexing) equal(l, r ast.Expr) *index.Expr {
	for _, side := range [][2]ast.Expr{{l, r}, {r, l}} {
		f := t.field(side[0])
		if f == nil {
			continue
		}
		if v, ok := t.value(side[1]); ok {
			return &index.Expr{Op: index.Equal, Field: f, Values: []index.Value{v}}
		}
	}
	return nil
}

func (t *indexing) in(l, r ast.Expr) *index.Expr {
	if f := t.field(l); f != nil && r.Kind() == ast.ListKind {
		if values, ok := t.values(r.AsList()); ok {
			return &index.Expr{Op: index.Equal, Field: f, Values: values}
		}
		return nil
	}
	v, ok := t.value(l)
	if !ok {
		return nil
	}
	if isHeaders(r) && v.Kind == index.String {
		return &index.Expr{Op: index.Exists, Field: &index.Field{Root: index.Header, Name: v.Str}}
	}
	if f := t.field(r); f != nil && f.Root == index.Data {
		return &index.Expr{Op: index.SomeEqual, Field: f, Values: []index.Value{v}}
	}
	return nil
}

// order is a field that is compared with a number, a text or a time, or nil.
func (t *indexing) order(name string, l, r ast.Expr) *index.Expr {
	f, low := t.field(l), name == operators.Greater || name == operators.GreaterEquals
	if f == nil {
		f, l, r, low = t.field(r), r, l, !low
	}
	if f == nil {
		return nil
	}
	v, ok := t.value(r)
	if !ok || !comparable(f, v.Kind) {
		return nil
	}
	flags := index.HasLow
	if !low {
		flags = index.HasHigh
	}
	if name == operators.Less || name == operators.Greater {
		flags |= index.OpenLow | index.OpenHigh
	}
	if v.Kind == index.String {
		return &index.Expr{Op: index.TextOrder, Flags: flags, Field: f, Values: []index.Value{v}}
	}
	if low {
		return &index.Expr{Op: index.Between, Flags: flags &^ index.OpenHigh, Field: f, Values: []index.Value{v, {}}}
	}
	return &index.Expr{Op: index.Between, Flags: flags &^ index.OpenLow, Field: f, Values: []index.Value{{}, v}}
}

// comparable reports whether the values of a field have an order with constants
// of a kind, or else may have by what an event happens to hold.
func comparable(f *index.Field, k index.Kind) bool {
	switch {
	case f.Root == index.Attribute && f.Name == "time":
		return k == index.Time
	case f.Root == index.Attribute, f.Root == index.Header:
		return k == index.String
	}
	return k == index.Number || k == index.String
}

// text is a function of a field and a constant text, or nil.
func (t *indexing) text(name string, call ast.CallExpr) *index.Expr {
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	if len(args) != 2 {
		return nil
	}
	f := t.field(args[0])
	v, ok := t.value(args[1])
	if f == nil || !ok || v.Kind != index.String || !comparable(f, index.String) {
		return nil
	}
	e := &index.Expr{Field: f, Values: []index.Value{v}}
	switch name {
	case "startsWith":
		e.Op = index.HasPrefix
	case "endsWith":
		e.Op = index.HasSuffix
	case "contains":
		e.Op = index.Contains
	default:
		e.Op, e.Pattern, e.Values = index.Fits, t.pattern(v.Str), nil
	}
	return e
}

func (t *indexing) has(e ast.Expr) *index.Expr {
	s := e.AsSelect()
	if isHeaders(s.Operand()) {
		return &index.Expr{Op: index.Exists, Field: &index.Field{Root: index.Header, Name: s.FieldName()}}
	}
	if f := t.member(s.Operand(), s.FieldName()); f != nil {
		return &index.Expr{Op: index.Exists, Field: f}
	}
	return t.unknown(e)
}

// isTrue is a field that stands where true or false is asked for.
func (t *indexing) isTrue(e ast.Expr) *index.Expr {
	if f := t.field(e); f != nil && (f.Root == index.Data || f.Root == index.Extension) {
		return &index.Expr{Op: index.IsTrue, Field: f}
	}
	return t.unknown(e)
}
