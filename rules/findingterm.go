package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/wye-events/wye/rules/index"
	"github.com/wye-events/wye/rules/logic"
)

// key is the name of a term: an expression in one spelling, whatever that in
// the condition is. Two terms of one name have one value for an event.
func (f *formulas) key(e ast.Expr) string {
	var b strings.Builder
	f.writeKey(&b, e)
	return b.String()
}

func (f *formulas) writeKey(b *strings.Builder, e ast.Expr) {
	for isCall(e, "dyn") {
		e = e.AsCall().Args()[0]
	}
	switch e.Kind() {
	case ast.IdentKind:
		b.WriteString(e.AsIdent())
	case ast.LiteralKind:
		writeLiteral(b, f.literal(e))
	case ast.SelectKind:
		if e.AsSelect().IsTestOnly() {
			b.WriteString("has ")
		}
		f.writeKey(b, e.AsSelect().Operand())
		writeName(b, e.AsSelect().FieldName())
	case ast.CallKind:
		f.writeCall(b, e.AsCall())
	case ast.ListKind:
		f.writeKeys(b, "[", e.AsList().Elements(), "]")
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			f.writeKeys(b, "{", []ast.Expr{entry.AsMapEntry().Key(), entry.AsMapEntry().Value()}, "}")
		}
		b.WriteString("{}")
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		fmt.Fprintf(b, "loop %s %s", c.IterVar(), c.IterVar2())
		f.writeKeys(b, "(", []ast.Expr{c.IterRange(), c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()}, ")")
	default:
		fmt.Fprintf(b, "expression %d", e.ID())
	}
}

func (f *formulas) writeCall(b *strings.Builder, call ast.CallExpr) {
	args := call.Args()
	if call.FunctionName() == operators.Index {
		f.writeKey(b, args[0])
		if args[1].Kind() == ast.LiteralKind {
			if name, ok := f.literal(args[1]).(types.String); ok {
				writeName(b, string(name))
				return
			}
		}
		f.writeKeys(b, "[", args[1:], "]")
		return
	}
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	b.WriteString(call.FunctionName())
	f.writeKeys(b, "(", args, ")")
}

func (f *formulas) writeKeys(b *strings.Builder, before string, all []ast.Expr, after string) {
	b.WriteString(before)
	for i, e := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		f.writeKey(b, e)
	}
	b.WriteString(after)
}

func writeName(b *strings.Builder, name string) {
	b.WriteByte('.')
	if strings.ContainsAny(name, ".[]\"") {
		name = strconv.Quote(name)
	}
	b.WriteString(name)
}

func writeLiteral(b *strings.Builder, v ref.Val) {
	switch v := v.(type) {
	case types.String:
		b.WriteString(strconv.Quote(string(v)))
	default:
		fmt.Fprintf(b, "%s %v", v.Type().TypeName(), v.Value())
	}
}

// base is all that the value of an expression can be.
func (f *formulas) base(e ast.Expr) logic.Set {
	for isCall(e, "dyn") {
		e = e.AsCall().Args()[0]
	}
	switch e.Kind() {
	case ast.SelectKind:
		if !e.AsSelect().IsTestOnly() {
			return f.baseOfMember(e.AsSelect().Operand(), e.AsSelect().FieldName())
		}
	case ast.LiteralKind:
		if v, ok := f.value(e); ok {
			in, _ := setOf([]index.Value{v})
			return in
		}
	case ast.CallKind:
		return f.baseOfCall(e.AsCall())
	}
	return logic.Of(logic.All)
}

func (f *formulas) baseOfMember(of ast.Expr, name string) logic.Set {
	switch {
	case isHeaders(of):
		return logic.Of(logic.Text | logic.Absent)
	case of.Kind() == ast.IdentKind && of.AsIdent() == "event":
		return baseOfAttribute(name)
	case f.inData(of):
		return logic.Of(inJSON)
	}
	return logic.Of(logic.All)
}

// inJSON are the kinds of values in data.
const inJSON = logic.All &^ (logic.NaN | logic.Time | logic.Duration)

func (f *formulas) inData(e ast.Expr) bool {
	at := f.field(e)
	if at == nil && isCall(e, operators.Index) {
		return f.inData(e.AsCall().Args()[0])
	}
	return at != nil && at.Root == index.Data
}

func baseOfAttribute(name string) logic.Set {
	switch name {
	case "id", "source", "type":
		return logic.Of(logic.Text)
	case "specversion":
		s := logic.Of(logic.Text)
		s.Texts = logic.OnlyTexts("1.0")
		return s
	case "subject", "datacontenttype", "dataschema":
		s := logic.Of(logic.Text | logic.Absent)
		s.Texts = logic.NotTexts("")
		return s
	case "time":
		return logic.Of(logic.Time | logic.Absent)
	case "data":
		return logic.Of(inJSON)
	}
	return logic.Of(logic.Text | logic.Bools | logic.Number | logic.Absent)
}

// partsOfTimes is what the parts of a time can be.
var partsOfTimes = map[string][2]int64{
	"getMonth": {0, 11}, "getDate": {1, 31}, "getDayOfMonth": {0, 30}, "getDayOfWeek": {0, 6}, "getDayOfYear": {0, 365},
	"getHours": {0, 23}, "getMinutes": {0, 59}, "getSeconds": {0, 59}, "getMilliseconds": {0, 999},
}

func (f *formulas) baseOfCall(call ast.CallExpr) logic.Set {
	s := logic.Of(logic.Number | logic.Absent)
	name := call.FunctionName()
	if between, ok := partsOfTimes[name]; ok && call.IsMemberFunction() &&
		f.shape.ast.GetType(call.Target().ID()).Kind() == types.TimestampKind {
		s.Numbers = logic.Between(index.Int(between[0]), index.Int(between[1]))
		return s
	}
	switch name {
	case "size":
		s.Numbers = logic.Above(index.Int(0), false)
		return s
	case "string":
		return logic.Of(logic.Text | logic.Absent)
	case operators.Index:
		if name, ok := f.value(call.Args()[1]); ok && name.Kind == index.String {
			return f.baseOfMember(call.Args()[0], name.Str)
		}
		if f.inData(call.Args()[0]) {
			return logic.Of(inJSON)
		}
	}
	return logic.Of(logic.All)
}

// pattern is a regular expression that is compiled once.
func (f *formulas) pattern(text string) *regexp.Regexp {
	if known, ok := f.exprs[text]; ok {
		return known
	}
	expr, err := regexp.Compile(text)
	if err != nil {
		expr = nil
	}
	f.exprs[text] = expr
	return expr
}
