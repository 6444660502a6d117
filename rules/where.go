package rules

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/google/cel-go/interpreter"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Condition is a condition that belongs to no rule, such as one that picks out
// the events to look at. It is immutable and safe for use by many goroutines at
// once.
type Condition struct {
	condition *condition
	spare     evaluations
}

// NewCondition compiles a condition: the language, the bounds and what is said
// of mistakes are those of a rule's `when`. Problems show name in the place of
// a file, such as the flag that the text was given with; where there are any,
// there is no condition.
func NewCondition(name, text string) (*Condition, Problems) {
	f := newFile(name, []byte(text))
	if p, bad := f.checkConditionText("event.data.total > 100"); bad {
		return nil, Problems{p}
	}
	c, faults := compileCondition(text)
	if len(faults) > 0 {
		return nil, f.inText(faults)
	}
	return &Condition{condition: c}, nil
}

// inText are the problems of a file that is nothing but an expression.
func (f *file) inText(faults []fault) (problems Problems) {
	for _, fault := range faults {
		problems = append(problems, f.problem(placeIn(f.text, fault.offset), fault.code, fault.message, fault.hint))
	}
	return problems.bounded()
}

// Holds tells whether an event meets the condition. What is absent is no match
// and no error, as in a rule; an error is a real one, and then the event does
// not meet it.
func (c *Condition) Holds(ev *cloudevent.Event) (bool, error) {
	e := c.spare.of(ev)
	defer c.spare.release(e)
	return c.condition.holds(&e.event, e.frame)
}

// holds is the answer of a condition on its own.
func (c *condition) holds(e activation, frame *interpreter.ExecutionFrame) (bool, error) {
	held, err := c.eval(e, frame)
	if err != nil {
		// In words now: what the error was made of belongs to the next event soon.
		held, err = false, errors.New("the condition failed: "+plainError(err, c.compiled().calls))
	}
	return held, err
}

// checkConditionText finds what a rule file cannot hold either, and what is
// therefore not looked for when a condition is compiled.
func (f *file) checkConditionText(example string) (Problem, bool) {
	if strings.TrimSpace(f.text) == "" {
		return f.problem(place{1, 1}, codeValue, "the condition is empty",
			"for example "+example), true
	}
	if at := invalidText(f.text); at >= 0 {
		p := f.problem(placeIn(f.text, utf8.RuneCountInString(f.text[:at])), codeEncoding, "this byte is not UTF-8 text", "give the condition in UTF-8")
		p.Source = strings.ToValidUTF8(p.Source, "\uFFFD")
		return p, true
	}
	return Problem{}, false
}

// invalidText is where the text stops being UTF-8, or -1.
func invalidText(text string) int {
	for at, r := range text {
		if _, size := utf8.DecodeRuneInString(text[at:]); r == utf8.RuneError && size == 1 {
			return at
		}
	}
	return -1
}

// placeIn is the place of the character of that number in a text.
func placeIn(text string, offset int) place {
	at, n := place{1, 1}, 0
	for _, r := range text {
		if n == offset {
			break
		}
		n++
		at.column++
		if r == '\n' {
			at = place{at.line + 1, 1}
		}
	}
	return at
}
