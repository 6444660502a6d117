package rules

import (
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// inspect looks for what is allowed by CEL and not by Wye, or can be seen to
// fail on every event.
func (d *dialect) inspect(text string, checked *cel.Ast) []fault {
	in := inspector{ast: checked.NativeRep()}
	ast.PreOrderVisit(in.ast.Expr(), ast.NewExprVisitor(in.visit))
	if in.faults == nil {
		in.faults = d.result(text, checked.OutputType())
	}
	return in.faults
}

type inspector struct {
	ast    *ast.AST
	faults []fault
}

func (in *inspector) at(e ast.Expr) int {
	r, _ := in.ast.SourceInfo().GetOffsetRange(e.ID())
	return int(r.Start)
}

func (in *inspector) add(e ast.Expr, code, message, hint string) {
	in.faults = append(in.faults, fault{code, in.at(e), message, hint})
}

func (in *inspector) visit(e ast.Expr) {
	switch e.Kind() {
	case ast.StructKind:
		in.add(e, codeCELTypes, "a condition cannot make an event", "write an object as {\"key\": value}")
	case ast.SelectKind:
		if isHeaders(e.AsSelect().Operand()) {
			in.header(e, e.AsSelect().FieldName())
		}
	case ast.CallKind:
		in.call(e, e.AsCall())
	}
}

func isHeaders(e ast.Expr) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == "headers" }

func (in *inspector) call(e ast.Expr, call ast.CallExpr) {
	args := call.Args()
	switch call.FunctionName() {
	case operators.Index:
		if name, ok := literalText(args[1]); ok && isHeaders(args[0]) {
			in.header(args[1], name)
		}
	case operators.In:
		if name, ok := literalText(args[0]); ok && isHeaders(args[1]) {
			in.header(args[0], name)
		}
	case "matches":
		in.pattern(args[len(args)-1])
	case "timestamp":
		in.constant(args, types.TimestampType, "a time", "write it as \"2026-01-31T12:00:00Z\"")
	case "duration":
		in.constant(args, types.DurationType, "a duration", "write it as \"90s\" or \"1h30m\"")
	}
}

func literalText(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

func (in *inspector) header(e ast.Expr, name string) {
	if lower := strings.ToLower(name); lower != name {
		in.add(e, codeCELHeader, fmt.Sprintf("no header is called %s: the names of headers are lower case here", quote(name)),
			fmt.Sprintf("write headers[%q]", lower))
		return
	}
	if !cloudevent.Readable(name) {
		in.add(e, codeCELHeader, fmt.Sprintf("the header %s is never there: credentials, attributes of the event and headers of the connection are left out of an event's headers", quote(name)),
			"attributes are read as event.NAME; for the rest decide on another header or on the event")
	}
}

// constant refuses a conversion that fails on every event.
func (in *inspector) constant(args []ast.Expr, to ref.Type, noun, hint string) {
	if len(args) != 1 {
		return
	}
	if s, ok := literalText(args[0]); ok && types.IsError(types.String(s).ConvertToType(to)) {
		in.add(args[0], codeCELConstant, fmt.Sprintf("%s is not %s", quote(s), noun), hint)
	}
}

// pattern refuses regular expressions that are not known here or too large:
// what matches() costs must not be for an event to say.
func (in *inspector) pattern(e ast.Expr) {
	s, ok := literalText(e)
	if !ok {
		in.add(e, codeCELPattern, "the pattern of matches is not written out here", "write it as a text in quotes; to compare with a value use == or contains")
		return
	}
	if len(s) > maxPatternText {
		in.add(e, codeCELPattern, fmt.Sprintf("the pattern has %d bytes; it may have %d", len(s), maxPatternText), "split it, or use startsWith, endsWith or contains")
		return
	}
	parsed, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		in.add(e, codeCELPattern, patternError(err), "the syntax is RE2: https://github.com/google/re2/wiki/Syntax")
		return
	}
	program, err := syntax.Compile(parsed.Simplify())
	if _, bad := regexp.Compile(s); bad != nil || err != nil || len(program.Inst) > maxRegexProgram {
		in.add(e, codeCELPattern, "the pattern becomes too large with its repetitions", "repeat less: {0,100} inside {0,100} is ten thousand copies")
	}
}

func patternError(err error) string {
	var code, what string
	if e, ok := err.(*syntax.Error); ok {
		code, what = string(e.Code), e.Expr
	}
	return fmt.Sprintf("this is not a regular expression: %s: %s", code, quote(what))
}

// isQuestion refuses what is not true or false.
func isQuestion(text string, t *types.Type) []fault {
	if t.Kind() == types.BoolKind || t.Kind() == types.DynKind {
		return nil
	}
	hint := "a condition asks something, for example event.data.total > 100"
	if strings.TrimSpace(text) != "" && t.Kind() == types.StringKind {
		hint = fmt.Sprintf("compare it, for example %s == \"…\"", quoteless(text))
	}
	return []fault{{codeCELNotBool, 0, fmt.Sprintf("the condition is %s, not true or false", typeWords(t.String())), hint}}
}

func quoteless(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 40 {
		return "event.type"
	}
	return text
}

// exactLiterals replaces a double from 2^53 on that is compared with something
// by the whole number that is written there. Doubles of that size are rounded:
// without this, event.data.id == 9007199254740993.0 would be true for …992.
func exactLiterals(text string, a *ast.AST) {
	runes := []rune(text)
	factory := ast.NewExprFactory()
	ast.PreOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		switch e.AsCall().FunctionName() {
		case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals,
			operators.Greater, operators.GreaterEquals, operators.In:
		default:
			return
		}
		for _, operand := range e.AsCall().Args() {
			for _, literal := range elements(operand) {
				if exact, ok := exactLiteral(runes, a, literal); ok {
					literal.SetKindCase(factory.NewLiteral(literal.ID(), exact))
				}
			}
		}
	}))
}

// elements are a literal, or those in a list.
func elements(e ast.Expr) []ast.Expr {
	if e.Kind() == ast.ListKind {
		return e.AsList().Elements()
	}
	return []ast.Expr{e}
}

var numberExpr = regexp.MustCompile(`^-?\s*[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?`)

func exactLiteral(runes []rune, a *ast.AST, e ast.Expr) (ref.Val, bool) {
	if e.Kind() != ast.LiteralKind {
		return nil, false
	}
	d, ok := e.AsLiteral().(types.Double)
	if !ok || math.Abs(float64(d)) < 1<<53 {
		return nil, false
	}
	r, ok := a.SourceInfo().GetOffsetRange(e.ID())
	if !ok || int(r.Start) >= len(runes) {
		return nil, false
	}
	written := strings.Join(strings.Fields(numberExpr.FindString(string(runes[r.Start:]))), "")
	return parseWhole(written)
}
