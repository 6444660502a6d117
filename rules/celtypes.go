package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
)

// checkFaults says what the type checker has found, in plain words.
func (d *dialect) checkFaults(text string, a *ast.AST, errs []*common.Error) []fault {
	t := translator{names: d.names, text: text, runes: []rune(text), ast: a, exprs: map[int64]ast.Expr{}}
	ast.PreOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) { t.exprs[e.ID()] = e }))
	var faults []fault
	for _, err := range errs {
		if f := t.translate(err); !slices.Contains(faults, f) {
			faults = append(faults, f)
		}
	}
	// A loop with the wrong number of arguments is none, and so its variable
	// is an unknown name; that is not another fault.
	loops := func(f fault) bool { return f.code == codeCELName && strings.Contains(f.message, "needs a name and") }
	if i := slices.IndexFunc(faults, loops); i >= 0 {
		return faults[i : i+1]
	}
	return faults
}

// translator puts the type checker's messages into plain words.
type translator struct {
	names []string // that there are
	text  string
	runes []rune
	ast   *ast.AST
	exprs map[int64]ast.Expr
}

var (
	undeclaredExpr = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	undefinedExpr  = regexp.MustCompile(`^undefined field '([^']*)'`)
	overloadExpr   = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'$`)
	expectedExpr   = regexp.MustCompile(`^expected type '(.*)' but found '(.*)'$`)
	selectExpr     = regexp.MustCompile(`^type '(.*)' does not support field selection`)
)

func (t *translator) translate(err *common.Error) fault {
	at := offsetOf(t.text, err.Location)
	e := t.exprs[err.ExprID]
	if m := undeclaredExpr.FindStringSubmatch(err.Message); m != nil {
		if e != nil && e.Kind() == ast.CallKind {
			return t.unknownFunction(m[1], at)
		}
		return t.unknownName(m[1], at)
	}
	if m := undefinedExpr.FindStringSubmatch(err.Message); m != nil {
		return t.unknownAttribute(m[1], at)
	}
	if m := overloadExpr.FindStringSubmatch(err.Message); m != nil {
		return t.misfit(e, m[1], m[2], at)
	}
	if m := expectedExpr.FindStringSubmatch(err.Message); m != nil {
		return fault{codeCELTypes, t.start(e, at),
			fmt.Sprintf("%s is needed here, but this is %s", typeWords(m[1]), typeWords(m[2])),
			"compare it with something, for example event.type == \"com.example.order.placed\""}
	}
	if m := selectExpr.FindStringSubmatch(err.Message); m != nil {
		return fault{codeCELTypes, at, fmt.Sprintf("%s has no fields", typeWords(m[1])), ""}
	}
	return fault{codeCELTypes, at, err.Message, ""}
}

// start is where an expression begins: its leftmost part, where the checker
// points at its operator or dot.
func (t *translator) start(e ast.Expr, at int) int {
	if e == nil {
		return at
	}
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(part ast.Expr) {
		if r, ok := t.ast.SourceInfo().GetOffsetRange(part.ID()); ok {
			at = min(at, int(r.Start))
		}
	}))
	return at
}

var celFunctions = []string{
	"all", "bool", "bytes", "contains", "double", "duration", "dyn", "endsWith", "exists", "exists_one",
	"filter", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours",
	"getMilliseconds", "getMinutes", "getMonth", "getSeconds", "has", "int", "map", "matches", "size",
	"startsWith", "string", "timestamp", "type", "uint",
}

var celLoops = []string{"all", "exists", "exists_one", "filter", "map"}

func (t *translator) unknownFunction(name string, at int) fault {
	// The checker points at the parenthesis; the name stands before it.
	if from := at - len([]rune(name)); from >= 0 && string(t.runes[from:at]) == name {
		at = from
	}
	if slices.Contains(celLoops, name) {
		return fault{codeCELName, at, fmt.Sprintf("%s needs a name and a condition", name),
			fmt.Sprintf("for example event.data.items.%s(i, i.price > 100)", name)}
	}
	return fault{codeCELName, at, fmt.Sprintf("there is no function %s", name), hintFunctions(name)}
}

func hintFunctions(name string) string {
	if k, ok := nearest(name, celFunctions); ok {
		return fmt.Sprintf("did you mean %s?", k)
	}
	return "functions for texts are contains, endsWith, matches, size and startsWith; for lists all, exists, exists_one, filter, map and size"
}

func (t *translator) unknownName(name string, at int) fault {
	return fault{codeCELName, at, fmt.Sprintf("there is no name %s here", name), t.hintName(name, at)}
}

func (t *translator) hintName(name string, at int) string {
	path := t.path(at)
	switch {
	case at > 1 && t.runes[at-1] == '-' && wordRune(t.runes[at-2]):
		return "a - in a condition subtracts; write a name with - in brackets and quotes: event.data[\"my-field\"], headers[\"x-env\"]"
	case slices.Contains(standardAttributes, name):
		return fmt.Sprintf("did you mean event.%s?", path)
	case name == "header" || name == "Headers":
		return "did you mean headers?"
	}
	if k, ok := nearest(name, t.names); ok {
		return fmt.Sprintf("did you mean %s%s?", k, strings.TrimPrefix(path, name))
	}
	if known := slipFor(name); known != "" {
		return fmt.Sprintf("did you mean event.%s%s?", known, strings.TrimPrefix(path, name))
	}
	last := len(t.names) - 1
	return fmt.Sprintf("a condition has %s and %s; for a field of the data write event.data.%s, for a text \"%s\"",
		strings.Join(t.names[:last], ", "), t.names[last], path, name)
}

// path is the name at an offset with the fields that follow it.
func (t *translator) path(at int) string {
	end := at
	for end < len(t.runes) && (wordRune(t.runes[end]) || t.runes[end] == '.') {
		end++
	}
	return strings.TrimRight(string(t.runes[at:end]), ".")
}

func wordRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func (t *translator) unknownAttribute(name string, at int) fault {
	// The checker points at the dot; the name follows it.
	for at++; at < len(t.runes) && !wordRune(t.runes[at]); at++ {
	}
	f := fault{code: codeCELAttribute, offset: min(at, len(t.runes)), message: fmt.Sprintf("an event has no attribute %s", name)}
	known := slipFor(name)
	switch {
	case known == "" && !isAttributeName(name):
		f.hint = "the names of attributes are lower-case letters and digits; fields of the data are under event.data"
	case isAttributeName(name):
		f.message = fmt.Sprintf("%s is hardly the name of an attribute", name)
		f.hint = fmt.Sprintf("did you mean event.%s? If your events have an extension %s, write dyn(event).%s", known, name, name)
	default:
		f.hint = fmt.Sprintf("did you mean event.%s?", known)
	}
	return f
}

// misfit is an operator or function with operands that it is not for.
func (t *translator) misfit(e ast.Expr, function, signature string, at int) fault {
	member, args := splitSignature(signature)
	f := fault{code: codeCELTypes, offset: at, hint: t.hintMisfit(e, function, member, args)}
	symbol, isOperator := operators.FindReverse(function)
	switch {
	case function == operators.Conditional:
		f.message = "both outcomes of ? : must be of the same kind"
	case function == operators.Index && len(args) == 2:
		f.message = fmt.Sprintf("%s has nothing under %s in brackets", typeWords(args[0]), typeWords(args[1]))
	case isOperator && symbol != "" && len(args) == 2:
		f.message = fmt.Sprintf("%s cannot be used between %s and %s", symbol, typeWords(args[0]), typeWords(args[1]))
	case isOperator && symbol != "" && len(args) == 1:
		f.message = fmt.Sprintf("%s cannot be used with %s", symbol, typeWords(args[0]))
	case function == operators.In:
		f.message = fmt.Sprintf("in cannot look for %s in %s", typeWords(args[0]), typeWords(args[1]))
	default:
		if from := at - len([]rune(function)); from >= 0 && string(t.runes[from:at]) == function {
			f.offset = from
		}
		f.message = fmt.Sprintf("%s cannot be used like this: %s", function, callWords(function, member, args))
	}
	return f
}

func callWords(function, member string, args []string) string {
	var words []string
	for _, a := range args {
		words = append(words, typeWords(a))
	}
	with := "with nothing"
	if len(words) > 0 {
		with = "with " + strings.Join(words, " and ")
	}
	if member != "" {
		return fmt.Sprintf("on %s %s", typeWords(member), with)
	}
	return with
}

func (t *translator) hintMisfit(e ast.Expr, function, member string, args []string) string {
	has := func(kind string) bool { return slices.Contains(args, kind) }
	switch {
	case function == operators.Index && has(eventTypeName):
		return "write the attribute after a dot: event.type; an extension likewise"
	case slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "type(") }) && !strings.Contains(t.text, "type("):
		return "did you mean event.type?"
	case has("null") && e != nil:
		return "to ask whether something is there write has(event.subject)"
	case has("timestamp") && has("string"):
		return "make a time of the text: timestamp(\"2026-01-31T12:00:00Z\")"
	case has("duration") && has("string"):
		return "make a duration of the text: duration(\"1h30m\")"
	case function == operators.In && len(args) == 2 && args[1] == "string":
		return "in looks for an element of a list; for a part of a text write text.contains(\"part\")"
	case has("string") && (has("int") || has("double") || has("uint")):
		return "a number in quotes is a text; make a number of a text with int(…) or double(…), a text of a number with string(…)"
	case function == operators.LogicalNot, function == operators.LogicalAnd, function == operators.LogicalOr:
		return "it needs true or false; compare first, for example event.type == \"x\""
	case member == "" && slices.Contains([]string{"startsWith", "endsWith", "contains"}, function):
		return fmt.Sprintf("write it after the text: event.type.%s(\"part\")", function)
	}
	return ""
}

// splitSignature takes "string.(int, int)" apart.
func splitSignature(s string) (member string, args []string) {
	if at := strings.Index(s, ".("); at >= 0 && !strings.HasPrefix(s, "(") {
		member, s = s[:at], s[at+1:]
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "("), ")")
	depth, from := 0, 0
	for i, r := range s {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				args = append(args, s[from:i])
				from = i + 2
			}
		}
	}
	if s != "" {
		args = append(args, s[min(from, len(s)):])
	}
	return member, args
}

// typeWords names one of CEL's types for a person.
func typeWords(t string) string {
	switch t {
	case "string":
		return "a text"
	case "int", "uint":
		return "a whole number"
	case "double":
		return "a number"
	case "bool":
		return "true or false"
	case "timestamp", "google.protobuf.Timestamp":
		return "a time"
	case "duration", "google.protobuf.Duration":
		return "a duration"
	case "null":
		return "null"
	case "bytes":
		return "bytes"
	case "dyn":
		return "a value"
	case eventTypeName:
		return "the event"
	}
	switch {
	case strings.HasPrefix(t, "list("):
		return "a list"
	case strings.HasPrefix(t, "map("):
		return "an object"
	case strings.HasPrefix(t, "type("):
		return "the name of a type"
	}
	return "a value"
}
