package rules

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/interpreter"
)

// resolutionType is the type of CEL's errors for what is not there, which it
// does not export: the type of the error of asking an empty map.
var resolutionType = sync.OnceValue(func() reflect.Type {
	e, err := cel.NewEnv()
	if err != nil {
		return nil
	}
	a, issues := e.Compile(`dyn({}).x`)
	if issues.Err() != nil {
		return nil
	}
	p, err := e.Program(a)
	if err != nil {
		return nil
	}
	_, _, err = p.Eval(cel.NoVars())
	var celErr *types.Err
	if !errors.As(err, &celErr) {
		return nil
	}
	return reflect.TypeOf(celErr.Unwrap())
})

func isResolutionError(err error) bool {
	return err != nil && reflect.TypeOf(err) == resolutionType()
}

// plainError says in plain words why an evaluation failed; calls are those of
// the condition.
func plainError(err error, calls map[int64]string) string {
	var cancelled interpreter.EvalCancelledError
	if errors.As(err, &cancelled) {
		return errCost.Error()
	}
	text := err.Error()
	if celErr, ok := err.(*types.Err); ok && text == "no such overload" && calls[celErr.NodeID()] != "" {
		text = "no such overload: " + calls[celErr.NodeID()]
	}
	if name, ok := strings.CutPrefix(text, "no such overload: "); ok {
		return fmt.Sprintf("%s cannot be used with the values that it got", functionWords(name))
	}
	for _, p := range plainErrors {
		if strings.HasPrefix(text, p.celText) {
			return p.plain
		}
	}
	return text
}

func functionWords(name string) string {
	name, _, _ = strings.Cut(name, "(")
	if symbol, ok := operators.FindReverse(name); ok && symbol != "" {
		return symbol
	}
	return name
}

// plainErrors translates what CEL says at run time.
var plainErrors = []struct{ celText, plain string }{
	{"no such overload", "an operator or function cannot be used with the values that it got"},
	{"got '", "a list or an object was expected where the condition loops"},
	{"division by zero", "it divides by zero"},
	{"modulus by zero", "it divides by zero"},
	{"integer overflow", "a whole number becomes too large (beyond 64 bits)"},
	{"unsigned integer overflow", "a whole number becomes too large, or negative where it cannot be"},
	{"duration overflow", "a duration becomes too long"},
	{"timestamp overflow", "a time becomes too far away"},
	{"unsupported index type", "a list is indexed by whole numbers"},
	{"invalid RFC 3339 timestamp", "a text is not a time (RFC 3339, such as 2026-01-31T12:00:00Z)"},
	{"invalid duration", "a text is not a duration (such as 90s or 1h30m)"},
	{"range error converting", "a number is too large to be converted"},
	{"strconv.", "a text cannot be converted to a number"},
	{"type conversion error", "a value cannot be converted to the type that is asked for"},
	{"invalid UTF-8", "bytes that are no text cannot be converted to text"},
	{"internal error", "an operator or function cannot be used with the values that it got"},
}
