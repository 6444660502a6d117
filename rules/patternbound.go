package rules

import (
	"regexp"
	"regexp/syntax"
	"sync"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// patternWork bounds what one regular expression may take on one text: the
// instructions of its program times the bytes of the text. The time that it takes
// grows with both, some 10 ns for each; a pattern of a line can have a thousand
// instructions, and a text a million bytes.
const patternWork = 12 << 20

// pattern is a regular expression with the longest text that it is held against.
type pattern struct {
	*regexp.Regexp
	most int // in bytes
}

// newPattern makes a pattern of a text that is known to be one, when it is first
// needed.
func newPattern(text string) func() pattern {
	return sync.OnceValue(func() pattern {
		p := pattern{regexp.MustCompile(text), patternWork}
		if parsed, err := syntax.Parse(text, syntax.Perl); err == nil {
			if program, err := syntax.Compile(parsed.Simplify()); err == nil {
				p.most /= len(program.Inst)
			}
		}
		return p
	})
}

// fits tells whether a text fits; ok is false where it is too long to say.
func (p pattern) fits(text string) (yes, ok bool) {
	if len(text) > p.most {
		return false, false
	}
	return p.MatchString(text), true
}

// patternNode is matches() in a program, in place of CEL's, which holds any text
// against any pattern.
type patternNode struct {
	interpreter.InterpretableCall
	text, written interpreter.InterpretableV2
	pattern       func() pattern
}

// unseen hides that an argument is a constant, so that the planner leaves the
// call as it is.
type unseen struct{ interpreter.InterpretableV2 }

// boundPattern replaces matches() with a pattern that is written out.
func boundPattern(call interpreter.InterpretableCall) interpreter.InterpretableV2 {
	args := call.Args()
	if len(args) != 2 {
		return call
	}
	written, ok := args[1].(interpreter.InterpretableConst)
	if !ok {
		return call
	}
	text, ok := written.Value().(types.String)
	if !ok {
		return call
	}
	return &patternNode{call, args[0], args[1], newPattern(string(text))}
}

// Args implements interpreter.InterpretableCall.
func (n *patternNode) Args() []interpreter.InterpretableV2 {
	return []interpreter.InterpretableV2{n.text, unseen{n.written}}
}

// Exec implements interpreter.InterpretableV2.
func (n *patternNode) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	v := n.text.Exec(frame)
	n.written.Exec(frame) // what counts steps looks for it
	text, ok := v.(types.String)
	if !ok {
		return types.LabelErrNode(n.ID(), types.MaybeNoSuchOverloadErr(v))
	}
	p := n.pattern()
	yes, ok := p.fits(string(text))
	if !ok {
		return types.NewErr("a text of %d bytes is too long for a pattern of this size, which is held against %d at most", len(text), p.most)
	}
	return types.Bool(yes)
}

// Eval implements interpreter.Interpretable.
func (n *patternNode) Eval(a activation) ref.Val { return n.Exec(interpreter.AsFrame(a)) }
