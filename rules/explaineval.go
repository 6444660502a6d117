package rules

import (
	"errors"
	"fmt"
	"sync"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// planned is a clause that is ready to be evaluated on its own.
type planned struct {
	program interpreter.InterpretableV2
	err     error
}

// partInterpreter makes programs of parts of conditions, as celEnv does of
// whole ones: the same functions, the same types, the same equality.
var partInterpreter = sync.OnceValue(func() interpreter.Interpreter {
	e, dispatcher := celEnv(), interpreter.NewDispatcher()
	for _, function := range e.Functions() {
		overloads, err := function.Bindings()
		if err == nil {
			err = dispatcher.Add(overloads...)
		}
		if err != nil {
			panic("rules: the language of conditions is inconsistent: " + err.Error())
		}
	}
	adapter, provider := e.CELTypeAdapter(), e.CELTypeProvider()
	return interpreter.NewInterpreter(dispatcher, e.Container, provider, adapter,
		interpreter.NewAttributeFactory(e.Container, adapter, provider))
})

// workOfPart is how much work explaining one rule may be, in limits of one
// evaluation. Each part is evaluated on its own, so it is some times as much
// as matching.
const workOfPart = 8

// evaluator gives the values of the parts of one condition for one event.
type evaluator struct {
	*dissection
	work  uint64 // steps that are left
	known map[known]reading
}

type known struct {
	clause *clause
	scope  *scope
}

// reading is what a clause comes to: a value, or why there is none.
type reading struct {
	value ref.Val
	err   error
}

var errWork = errors.New("not looked at: explaining this rule is too much work already")

func newEvaluator(d *dissection) *evaluator {
	return &evaluator{dissection: d, work: workOfPart * costLimit, known: map[known]reading{}}
}

// scope is the names that a clause sees: those of the event, and around the
// body of a loop the element.
type scope struct {
	activation
	name  string
	value ref.Val
	path  string // what the name stands for, as event.data.items[1], where that can be said
}

// ResolveName implements cel.Activation.
func (s *scope) ResolveName(name string) (any, bool) {
	if s.name != "" && name == s.name {
		return s.value, true
	}
	return s.activation.ResolveName(name)
}

// Parent implements cel.Activation.
func (s *scope) Parent() activation { return s.activation }

// Unwrap tells cel-go that the name is a local one, which a leading dot passes by.
func (s *scope) Unwrap() activation { return s.activation }

// reading evaluates a clause, once for each scope.
func (e *evaluator) reading(c *clause, s *scope) reading {
	key := known{c, s}
	r, ok := e.known[key]
	if !ok {
		r = e.evaluate(c, s)
		e.known[key] = r
	}
	return r
}

func (e *evaluator) evaluate(c *clause, s *scope) (r reading) {
	if e.work == 0 {
		return reading{err: errWork}
	}
	if c.plan.program == nil && c.plan.err == nil {
		c.plan = e.planClause(c.expr)
	}
	if c.plan.err != nil {
		return reading{err: c.plan.err}
	}
	defer func() {
		if p := recover(); p != nil {
			r = reading{err: causeOf(p)}
			if r.tooLong() {
				e.spend(costLimit)
			}
		}
	}()
	frame, err := interpreter.NewExecutionFrame(s)
	if err != nil {
		return reading{err: err}
	}
	defer frame.Close()
	v := e.run(c.plan.program, frame)
	if failure, ok := v.(*types.Err); ok {
		return reading{err: failure}
	}
	return reading{value: v}
}

func (e *evaluator) run(program interpreter.InterpretableV2, frame *interpreter.ExecutionFrame) ref.Val {
	observable, ok := program.(*interpreter.ObservableInterpretable)
	if !ok {
		return program.Exec(frame)
	}
	return observable.ObserveExec(frame, func(state any) {
		if costs, ok := state.(*interpreter.CostTracker); ok {
			e.spend(costs.ActualCost())
		}
	})
}

func (e *evaluator) spend(steps uint64) { e.work -= min(e.work, steps) }

// causeOf is the error of an evaluation that panicked, as cel.Program tells it.
func causeOf(p any) error {
	if cancelled, ok := p.(interpreter.EvalCancelledError); ok {
		return cancelled
	}
	return fmt.Errorf("internal error: %v", p)
}

// planClause plans an expression as [plan] does a condition.
func (e *evaluator) planClause(expr ast.Expr) planned {
	options := []interpreter.PlannerOption{
		interpreter.CustomDecoratorV2(ownNodes),
		interpreter.Optimize(),
		interpreter.CompileRegexConstants(interpreter.MatchesRegexOptimization),
	}
	if e.costly {
		options = append(options, interpreter.CostObserver(interpreter.CostTrackerFactory(func() (*interpreter.CostTracker, error) {
			return interpreter.NewCostTracker(costs{}, interpreter.CostTrackerLimit(costLimit))
		})))
	}
	part := ast.NewCheckedAST(ast.NewAST(expr, e.ast.SourceInfo()), e.ast.TypeMap(), e.ast.ReferenceMap())
	program, err := partInterpreter().NewInterpretable(part, options...)
	return planned{program, err}
}

// isTrue tells whether a result is true; isFalse whether it is false. A reading
// that is neither is an error to && and ||.
func (r reading) isTrue() bool  { return r.err == nil && r.value == types.True }
func (r reading) isFalse() bool { return r.err == nil && r.value == types.False }

// tooLong tells whether the evaluation was stopped at the limit of its cost.
func (r reading) tooLong() bool { return errors.As(r.err, &interpreter.EvalCancelledError{}) }
