package rules

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"

	"github.com/wye-events/wye/rules/index"
)

// field is what an expression names in an event, or nil where it is more than
// a name.
func (t *indexing) field(e ast.Expr) *index.Field {
	if len(t.shape.holes) > 0 { // shared by many conditions
		if f, ok := t.fields[e]; ok {
			return f
		}
	}
	f := t.named(e)
	if len(t.shape.holes) > 0 {
		t.fields[e] = f
	}
	return f
}

func (t *indexing) named(e ast.Expr) *index.Field {
	for isCall(e, "dyn") {
		e = e.AsCall().Args()[0]
	}
	switch e.Kind() {
	case ast.SelectKind:
		s := e.AsSelect()
		if s.IsTestOnly() {
			return nil
		}
		return t.member(s.Operand(), s.FieldName())
	case ast.CallKind:
		if !isCall(e, operators.Index) {
			return nil
		}
		args := e.AsCall().Args()
		name, ok := literalText(args[1])
		if _, lifted := t.shape.holes[args[1].ID()]; !ok || lifted {
			return nil
		}
		return t.member(args[0], name)
	}
	return nil
}

// member is the field of a name in what an expression names.
func (t *indexing) member(of ast.Expr, name string) *index.Field {
	switch {
	case of.Kind() == ast.IdentKind && of.AsIdent() == "event":
		return attributeNamed(name)
	case isHeaders(of):
		return &index.Field{Root: index.Header, Name: name}
	}
	f := t.field(of)
	if f == nil || f.Root != index.Data {
		return nil
	}
	return &index.Field{Root: index.Data, Path: append(f.Path[:len(f.Path):len(f.Path)], name)}
}

func attributeNamed(name string) *index.Field {
	switch {
	case name == "data":
		return &index.Field{Root: index.Data}
	case contained(standardAttributes, name):
		return &index.Field{Root: index.Attribute, Name: name}
	}
	return &index.Field{Root: index.Extension, Name: name}
}

// pathFrom is the names by which an expression goes down from a variable.
func pathFrom(e ast.Expr, variable string) ([]string, bool) {
	switch {
	case e.Kind() == ast.IdentKind:
		return nil, e.AsIdent() == variable
	case e.Kind() == ast.SelectKind && !e.AsSelect().IsTestOnly():
		path, ok := pathFrom(e.AsSelect().Operand(), variable)
		return append(path, e.AsSelect().FieldName()), ok
	}
	return nil, false
}

// first is the field that is evaluated before all else in an expression that is
// absent if that is; nil where there is none.
func (t *indexing) first(e ast.Expr) *index.Field {
	if f := t.field(e); f != nil {
		return f
	}
	switch e.Kind() {
	case ast.SelectKind:
		return t.first(e.AsSelect().Operand())
	case ast.ComprehensionKind:
		return t.first(e.AsComprehension().IterRange())
	case ast.CallKind:
		return t.firstOf(e.AsCall())
	}
	return nil
}

func (t *indexing) firstOf(call ast.CallExpr) *index.Field {
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr, operators.NotStrictlyFalse:
		return nil
	case operators.Conditional:
		return t.first(args[0])
	}
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	for _, a := range args {
		if a.Kind() != ast.LiteralKind {
			return t.first(a)
		}
	}
	return nil
}
