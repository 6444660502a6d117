package rules

import (
	"sync"
	"sync/atomic"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// Bounds of a condition. They keep every condition that loads cheap to load
// (the parser needs seconds for a 500-byte text of nested lists) and cheap to
// evaluate, whatever the event.
const (
	maxConditionText   = 8 << 10
	maxConditionDepth  = 48
	maxParserRecursion = 200
	maxPatternText     = 1 << 10
	maxRegexProgram    = 10_000
	costLimit          = 100_000
)

// condition is a `when` that was found to be right. Its program is made when it
// is first evaluated: a program is a hundred times as large as its text, and
// most conditions of a large rule set are answered without one.
type condition struct {
	text    string
	program atomic.Pointer[program]
}

// program is what evaluates a condition by CEL alone.
type program struct {
	cel.Program
	// costly conditions can take long on some events, so their cost is counted
	// while they run; that makes them about twice as slow.
	costly bool
	// calls names the function or operator of each call, for error messages.
	calls map[int64]string
}

// fault is something wrong with a condition: a problem without a file. Offset
// counts characters of the condition.
type fault struct {
	code    string
	offset  int
	message string
	hint    string
}

// compileCondition compiles the text of a `when` in full, program included.
func compileCondition(text string) (*condition, []fault) {
	p, faults := compileProgram(text)
	if faults != nil {
		return nil, faults
	}
	c := &condition{text: text}
	c.program.Store(p)
	return c, nil
}

func compileProgram(text string) (*program, []fault) { return conditions.compile(text) }

// checkCondition makes the checked syntax tree of a condition.
func checkCondition(text string) (*cel.Ast, []fault) { return conditions.check(text) }

// compiling is held while the program of a condition is made late.
var compiling sync.Mutex

// compiled is the program of the condition, which is made when it is first
// asked for.
func (c *condition) compiled() *program {
	if p := c.program.Load(); p != nil {
		return p
	}
	compiling.Lock()
	defer compiling.Unlock()
	if p := c.program.Load(); p != nil {
		return p
	}
	p, faults := compileProgram(c.text)
	if faults != nil {
		panic("rules: a condition that was found to be right is not: " + faults[0].message)
	}
	c.program.Store(p)
	return p
}

func plan(checked *cel.Ast) (*program, []fault) { return conditions.plan(checked) }

func (d *dialect) plan(checked *cel.Ast) (*program, []fault) {
	costly := isCostly(checked.NativeRep().Expr())
	options := []cel.ProgramOption{
		cel.EvalOptions(cel.OptOptimize),
		cel.CustomDecoratorV2(ownNodes),
	}
	if costly {
		options = append(options, cel.CostLimit(costLimit), cel.CostTracking(costs{}))
	}
	p, err := d.env().Program(checked, options...)
	if err != nil {
		return nil, d.inWords([]fault{{code: codeCELSyntax, message: "the condition cannot be compiled: " + plainError(err, nil)}})
	}
	return &program{p, costly, callNames(checked.NativeRep().Expr())}, nil
}

func callNames(root ast.Expr) map[int64]string {
	names := map[int64]string{}
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.CallKind {
			names[e.ID()] = e.AsCall().FunctionName()
		}
	}))
	return names
}

// eval answers the condition for an event. A missing field is a plain no; an
// error is a real one. The frame may be shared by all conditions that are not
// costly; those that are need one of their own to count in.
func (c *condition) eval(e activation, frame *interpreter.ExecutionFrame) (bool, error) {
	out, err := c.compiled().value(e, frame)
	if out == nil || err != nil {
		return false, err
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, errNotBool{describe(out)}
	}
	return bool(b), nil
}

// value is what the expression comes to; nil and no error where something in it
// is absent.
func (p *program) value(e activation, frame *interpreter.ExecutionFrame) (out ref.Val, err error) {
	if p.costly {
		out, _, err = p.Eval(e)
	} else {
		out, _, err = p.Eval(frame)
	}
	switch {
	case err == nil:
		return out, nil
	case isMissing(err):
		return nil, nil
	}
	return nil, err
}

// isMissing tells an absent attribute, field, element or header from a real
// error. CEL's own error for them has no exported type, only a text that
// begins like this.
func isMissing(err error) bool {
	celErr, ok := err.(*types.Err)
	if !ok {
		return false
	}
	inner := celErr.Unwrap()
	if _, ok := inner.(*missingError); ok {
		return true
	}
	return isResolutionError(inner)
}

// isCostly finds out whether a condition can take long: whether it has loops,
// or more than a few calls whose time grows with the event.
func isCostly(root ast.Expr) bool {
	const few = 4
	growing, loops := 0, false
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.ComprehensionKind:
			loops = true
		case ast.CallKind:
			if grows(e.AsCall()) {
				growing++
			}
		}
	}))
	return loops || growing > few
}

// grows tells whether a call's time depends on the size of what is in the
// event, and not only on what is written in the condition.
func grows(call ast.CallExpr) bool {
	constant := false
	for _, arg := range call.Args() {
		constant = constant || arg.Kind() == ast.LiteralKind
	}
	switch call.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional,
		operators.Index, operators.Negate, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo:
		return false
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals,
		operators.Greater, operators.GreaterEquals, "startsWith", "endsWith":
		return !constant
	case operators.In:
		return call.Args()[1].Kind() != ast.ListKind
	}
	return true
}
