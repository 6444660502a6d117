package rules

import (
	"sync"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/interpreter"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// LetterCondition picks out dead letters: a [Condition] that also sees what
// became of the delivery. It is immutable and safe for use by many goroutines at
// once.
type LetterCondition struct {
	condition *condition
	spare     sync.Pool // of *letterEvaluation
}

// LetterFacts are what a dead letter says of its delivery. In a condition each
// is a variable of its name in lower case.
type LetterFacts struct {
	Rule, Target     string
	Reason, Error    string
	Status, Attempts int // Status is 0 where no answer came
	At               time.Time
}

// letterConditions are what dead letters are picked out by.
var letterConditions = &dialect{
	env:    letterEnv,
	names:  []string{"event", "headers", "rule", "target", "reason", "error", "status", "attempts", "at"},
	result: isQuestion,
}

var letterEnv = sync.OnceValue(func() *cel.Env {
	e, err := newCELEnv(
		cel.Variable("rule", cel.StringType), cel.Variable("target", cel.StringType),
		cel.Variable("reason", cel.StringType), cel.Variable("error", cel.StringType),
		cel.Variable("status", cel.IntType), cel.Variable("attempts", cel.IntType),
		cel.Variable("at", cel.TimestampType),
	)
	if err != nil {
		panic("rules: the language of conditions over dead letters is inconsistent: " + err.Error())
	}
	return e
})

// NewLetterCondition compiles a condition over dead letters, as [NewCondition]
// does one over events.
func NewLetterCondition(name, text string) (*LetterCondition, Problems) {
	f := newFile(name, []byte(text))
	if p, bad := f.checkConditionText(`reason == "permanent" && status == 404`); bad {
		return nil, Problems{p}
	}
	p, faults := letterConditions.compile(text)
	if len(faults) > 0 {
		return nil, f.inText(faults)
	}
	c := &LetterCondition{condition: &condition{text: text}}
	c.condition.program.Store(p)
	return c, nil
}

// Holds tells whether a dead letter meets the condition, as [Condition.Holds]
// does of an event.
func (c *LetterCondition) Holds(ev *cloudevent.Event, f LetterFacts) (bool, error) {
	e, ok := c.spare.Get().(*letterEvaluation)
	if !ok {
		e = &letterEvaluation{}
		e.frame = &interpreter.ExecutionFrame{Activation: e}
	}
	defer c.spare.Put(e)
	e.event.reset(ev)
	defer e.event.reset(nil)
	e.facts = f
	return c.condition.holds(e, e.frame)
}

// letterEvaluation is what a condition over dead letters sees.
type letterEvaluation struct {
	event eventValue
	facts LetterFacts
	frame *interpreter.ExecutionFrame
}

// ResolveName implements cel.Activation.
func (e *letterEvaluation) ResolveName(name string) (any, bool) {
	switch name {
	case "rule":
		return types.String(e.facts.Rule), true
	case "target":
		return types.String(e.facts.Target), true
	case "reason":
		return types.String(e.facts.Reason), true
	case "error":
		return types.String(e.facts.Error), true
	case "status":
		return types.Int(e.facts.Status), true
	case "attempts":
		return types.Int(e.facts.Attempts), true
	case "at":
		return types.Timestamp{Time: e.facts.At}, true
	}
	return e.event.ResolveName(name)
}

// Parent implements cel.Activation.
func (e *letterEvaluation) Parent() activation { return nil }
