package rules

import (
	"math"
	"regexp"
	"regexp/syntax"
	"sync"

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

func (t *indexing) values(list ast.ListExpr) ([]index.Value, bool) {
	all := make([]index.Value, 0, list.Size())
	for _, e := range list.Elements() {
		v, ok := t.value(e)
		if !ok {
			return nil, false
		}
		all = append(all, v)
	}
	return all, len(list.OptionalIndices()) == 0
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

// pattern is a regular expression, compiled when it is first asked for.
func (t *indexer) pattern(text string) *index.Pattern {
	if p := t.patterns[text]; p != nil {
		return p
	}
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
	p := &index.Pattern{
		Key: "=~" + text, Prefix: anchoredPrefix(text),
		Fits: func(s string) bool { return compiled().MatchString(s) },
	}
	t.patterns[text] = p
	return p
}

// anchoredPrefix is what every text begins with that the expression finds.
func anchoredPrefix(text string) string {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil || parsed.Op != syntax.OpConcat || len(parsed.Sub) < 2 {
		return ""
	}
	first, second := parsed.Sub[0], parsed.Sub[1]
	if first.Op != syntax.OpBeginText || second.Op != syntax.OpLiteral || second.Flags&syntax.FoldCase != 0 {
		return ""
	}
	return string(second.Rune)
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

// exists is a loop of the form list.exists(x, x.field == constant), or with more
// conditions on x after that one; nil for any other. The first condition of a
// loop decides for elements without the field, so that it is enough to look for
// those of which it is true.
func (t *indexing) exists(whole ast.Expr, c ast.ComprehensionExpr) *index.Expr {
	if !isExists(c) || c.HasIterVar2() {
		return nil
	}
	list := t.field(c.IterRange())
	if list == nil || list.Root != index.Data {
		return nil
	}
	step := c.LoopStep().AsCall().Args()[1]
	first := step
	for isCall(first, operators.LogicalAnd) {
		first = first.AsCall().Args()[0]
	}
	some := t.element(first, c.IterVar())
	if some == nil {
		return nil
	}
	some.Field = list
	if first == step {
		return some
	}
	return &index.Expr{Op: index.And, Kids: []*index.Expr{some, t.unknown(whole)}}
}

// element is a comparison of an element of a loop, or what is in it, with
// constants.
func (t *indexing) element(e ast.Expr, variable string) *index.Expr {
	if !isCall(e, operators.Equals) && !isCall(e, operators.In) {
		return nil
	}
	args := e.AsCall().Args()
	if isCall(e, operators.In) {
		inner, ok := pathFrom(args[0], variable)
		if !ok || args[1].Kind() != ast.ListKind {
			return nil
		}
		values, ok := t.values(args[1].AsList())
		if !ok {
			return nil
		}
		return &index.Expr{Op: index.SomeEqual, Inner: inner, Values: values}
	}
	for _, side := range [][2]ast.Expr{{args[0], args[1]}, {args[1], args[0]}} {
		if inner, ok := pathFrom(side[0], variable); ok {
			if v, ok := t.value(side[1]); ok {
				return &index.Expr{Op: index.SomeEqual, Inner: inner, Values: []index.Value{v}}
			}
		}
	}
	return nil
}

// isExists recognizes what the macro exists() becomes.
func isExists(c ast.ComprehensionExpr) bool {
	result, step := c.Result(), c.LoopStep()
	return c.AccuInit().Kind() == ast.LiteralKind && c.AccuInit().AsLiteral() == types.False &&
		result.Kind() == ast.IdentKind && result.AsIdent() == c.AccuVar() &&
		isCall(step, operators.LogicalOr) && step.AsCall().Args()[0].Kind() == ast.IdentKind &&
		step.AsCall().Args()[0].AsIdent() == c.AccuVar()
}

func isCall(e ast.Expr, function string) bool {
	return e.Kind() == ast.CallKind && e.AsCall().FunctionName() == function
}

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

// literal is the value of a literal in this condition.
func (t *indexing) literal(e ast.Expr) ref.Val {
	if i, ok := t.shape.holes[e.ID()]; ok {
		return t.consts[i]
	}
	return e.AsLiteral()
}

// value is a constant that an index can hold.
func (t *indexing) value(e ast.Expr) (index.Value, bool) {
	if isCall(e, "timestamp") {
		return timeValue(e.AsCall())
	}
	if e.Kind() != ast.LiteralKind {
		return index.Value{}, false
	}
	return constantValue(t.literal(e))
}

func constantValue(v ref.Val) (index.Value, bool) {
	switch v := v.(type) {
	case types.Bool:
		return index.Value{Kind: index.Bool, Bool: bool(v)}, true
	case types.Int:
		return index.Value{Kind: index.Number, Num: index.Int(int64(v))}, true
	case types.Uint:
		return index.Value{Kind: index.Number, Num: index.Uint(uint64(v))}, true
	case types.Double:
		return index.Value{Kind: index.Number, Num: index.Float(float64(v))}, !math.IsNaN(float64(v))
	case types.String:
		return index.Value{Kind: index.String, Str: string(v)}, true
	case types.Null:
		return index.Value{Kind: index.Null}, true
	}
	return index.Value{}, false
}

func timeValue(call ast.CallExpr) (index.Value, bool) {
	text, ok := literalText(call.Args()[0])
	if !ok {
		return index.Value{}, false
	}
	at, ok := types.String(text).ConvertToType(types.TimestampType).(types.Timestamp)
	return index.Value{Kind: index.Time, Num: index.Unix(at.Unix(), int32(at.Nanosecond()))}, ok
}

// on translates which types of events a rule means; nil is all of them.
func (t *indexer) on(r *CompiledRule) *index.Expr {
	field := typeField
	var kids []*index.Expr
	exact := &index.Expr{Op: index.Equal, Field: field}
	for _, on := range r.On {
		if !isPattern(on) {
			exact.Values = append(exact.Values, index.Value{Kind: index.String, Str: on})
		}
	}
	if len(exact.Values) > 0 {
		kids = append(kids, exact)
	}
	for _, on := range r.On {
		switch {
		case on == "**":
			return nil
		case isPattern(on):
			kids = append(kids, &index.Expr{Op: index.Fits, Field: field, Pattern: t.typePattern(on)})
		}
	}
	if len(kids) == 1 {
		return kids[0]
	}
	return &index.Expr{Op: index.Or, Kids: kids}
}

var typeField = &index.Field{Root: index.Attribute, Name: "type"}

func (t *indexer) typePattern(on string) *index.Pattern {
	key := "on " + on
	if p := t.patterns[key]; p != nil {
		return p
	}
	compiled := compileType(on)
	before := 0
	for before < len(on) && on[before] != '*' {
		before++
	}
	p := &index.Pattern{Key: key, Prefix: on[:before], Fits: compiled.fits}
	t.patterns[key] = p
	return p
}
