package rules

import (
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
)

// dialect is a use of the one language: the names that an expression sees and
// what it must come to. Everything else, the bounds above all, is the same.
type dialect struct {
	env    func() *cel.Env
	names  []string                                 // of what it sees, for hints
	result func(text string, t *types.Type) []fault // what is wrong with its type
	words  *strings.Replacer                        // for what is said of conditions; nil: as it is
}

// conditions are what rules and watchers ask.
var conditions = &dialect{env: celEnv, names: []string{"event", "headers"}, result: isQuestion}

// compile compiles an expression in full.
func (d *dialect) compile(text string) (*program, []fault) {
	checked, faults := d.check(text)
	if faults != nil {
		return nil, faults
	}
	return d.plan(checked)
}

// check makes the checked syntax tree of an expression.
func (d *dialect) check(text string) (*cel.Ast, []fault) {
	checked, faults := d.tree(text)
	return checked, d.inWords(faults)
}

func (d *dialect) tree(text string) (*cel.Ast, []fault) {
	if faults := checkBounds(text); faults != nil {
		return nil, faults
	}
	e := d.env()
	parsed, issues := e.Parse(text)
	if issues.Err() != nil {
		return nil, syntaxFaults(text, issues.Errors())
	}
	if faults := checkLoops(parsed.NativeRep().Expr()); faults != nil {
		return nil, faults
	}
	exactLiterals(text, parsed.NativeRep())
	checked, issues := e.Check(parsed)
	if issues.Err() != nil {
		return nil, d.checkFaults(text, parsed.NativeRep(), issues.Errors())
	}
	if faults := d.inspect(text, checked); faults != nil {
		return nil, faults
	}
	return checked, nil
}

// inWords puts what is said of conditions into the words of the dialect.
func (d *dialect) inWords(faults []fault) []fault {
	if d.words != nil {
		for i := range faults {
			faults[i].message, faults[i].hint = d.words.Replace(faults[i].message), d.words.Replace(faults[i].hint)
		}
	}
	return faults
}
