package rules

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// The oracle says what a rule set must answer, by the shortest way that there
// is: every rule by itself, its condition run by cel-go without optimization
// on decoded values (differential_values_test.go), its `on` as a regular expression.
// Of Wye's own code it shares the operators and the reading of the condition,
// and nothing of what reads events and selects rules.
type oracle struct{ rules []oracleRule }

type oracleRule struct {
	name    string
	enabled bool
	on      *regexp.Regexp
	program cel.Program // nil: always
}

// verdict is what a rule says of an event.
type verdict string

const (
	yes     verdict = "yes"
	no      verdict = "no"
	failed  verdict = "error"
	stopped verdict = "stopped" // an error, by the cost limit: not for the oracle to say
)

// oracleEnv is the language of conditions over oracleEvents.
var oracleEnv = sync.OnceValues(func() (*cel.Env, error) {
	e := celEnv()
	return e.Extend(cel.CustomTypeProvider(&oracleTypes{e.CELTypeProvider()}))
})

// oracleTypes has the attributes of events read from an oracleEvent.
type oracleTypes struct{ types.Provider }

// FindStructFieldType implements types.Provider.
func (p *oracleTypes) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	f, ok := p.Provider.FindStructFieldType(name, field)
	if !ok || name != eventTypeName {
		return f, ok
	}
	return &types.FieldType{
		Type: f.Type,
		IsSet: func(target any) bool {
			e := target.(*oracleEvent)
			return e.attributes[field] != nil || field == "data" && e.dataErr != nil
		},
		GetFrom: func(target any) (any, error) { return target.(*oracleEvent).get(field) },
	}, true
}

// oracleProgram compiles a condition. It refuses what Wye refuses.
func oracleProgram(text string) (cel.Program, error) { return oracleProgramWith(text, true) }

func oracleProgramWith(text string, costLimited bool) (cel.Program, error) {
	if checkBounds(text) != nil {
		return nil, errors.New("out of bounds")
	}
	e, err := oracleEnv()
	if err != nil {
		return nil, err
	}
	parsed, issues := e.Parse(text)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if checkLoops(parsed.NativeRep().Expr()) != nil {
		return nil, errors.New("too many loops")
	}
	exactLiterals(text, parsed.NativeRep())
	checked, issues := e.Check(parsed)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if faults := conditions.inspect(text, checked); faults != nil {
		return nil, errors.New(faults[0].message)
	}
	options := []cel.ProgramOption{cel.CustomDecoratorV2(ownNodes)}
	if costLimited && isCostly(checked.NativeRep().Expr()) {
		options = append(options, cel.CostLimit(costLimit), cel.CostTracking(costs{}))
	}
	return e.Program(checked, options...)
}

func newOracle(rules []genRule) (*oracle, error) {
	o := &oracle{}
	for i := range rules {
		one := oracleRule{name: rules[i].name, enabled: !rules[i].disabled, on: typeExpr(rules[i].on), program: rules[i].program}
		if rules[i].when != nil && one.program == nil {
			var err error
			if one.program, err = oracleProgram(rules[i].when.String()); err != nil {
				return nil, fmt.Errorf("%s: %w", rules[i].when, err)
			}
		}
		o.rules = append(o.rules, one)
	}
	return o, nil
}

// typeExpr is a list of event types with stars as one regular expression.
func typeExpr(on []string) *regexp.Regexp {
	var all []string
	for _, pattern := range on {
		tokens := strings.Split(pattern, ".")
		for i, token := range tokens {
			switch token {
			case "**":
				tokens[i] = `.+`
			case "*":
				tokens[i] = `[^.]+`
			default:
				tokens[i] = strings.ReplaceAll(regexp.QuoteMeta(token), `\*`, `[^.]*`)
			}
		}
		all = append(all, strings.Join(tokens, `\.`))
	}
	return regexp.MustCompile(`(?s)^(` + strings.Join(all, "|") + `)$`)
}

// answers are what the rules say of an event, in their order.
func (o *oracle) answers(ev *cloudevent.Event) []verdict {
	names := oracleNames(ev)
	all := make([]verdict, len(o.rules))
	for i := range o.rules {
		r := &o.rules[i]
		switch {
		case !r.enabled || !r.on.MatchString(ev.Type):
			all[i] = no
		case r.program == nil:
			all[i] = yes
		default:
			all[i] = oracleAnswer(r.program, names)
		}
	}
	return all
}

// unlimited is what a rule says of an event that its `on` fits when its condition
// may take as long as it takes.
func unlimited(r genRule, ev *cloudevent.Event) verdict {
	p, err := oracleProgramWith(r.when.String(), false)
	if err != nil {
		return failed
	}
	return oracleAnswer(p, oracleNames(ev))
}

func oracleAnswer(p cel.Program, names map[string]any) verdict {
	out, _, err := p.Eval(names)
	var cost interpreter.EvalCancelledError
	switch {
	case errors.As(err, &cost):
		return stopped
	case err != nil && isAbsent(err):
		return no
	case err != nil:
		return failed
	case out == types.True:
		return yes
	case out == types.False:
		return no
	}
	return failed
}

// isAbsent goes by the texts of CEL's errors.
func isAbsent(err error) bool {
	text := err.Error()
	return strings.HasPrefix(text, "no such key: ") || strings.HasPrefix(text, "index out of bounds: ") ||
		strings.HasPrefix(text, "no such attribute: ")
}

// oracleEvent is `event` with its attributes as a map.
type oracleEvent struct {
	attributes map[string]ref.Val
	dataErr    error
}

// oracleNames are the names that a condition sees.
func oracleNames(ev *cloudevent.Event) map[string]any {
	e := &oracleEvent{attributes: map[string]ref.Val{
		"id": types.String(ev.ID), "source": types.String(ev.Source), "type": types.String(ev.Type),
		"specversion": types.String("1.0"),
	}}
	for name, value := range map[string]string{
		"subject": ev.Subject, "datacontenttype": ev.DataContentType, "dataschema": ev.DataSchema,
	} {
		if value != "" {
			e.attributes[name] = types.String(value)
		}
	}
	if t, err := time.Parse(time.RFC3339Nano, ev.Time); err == nil {
		e.attributes["time"] = types.Timestamp{Time: t}
	}
	for _, x := range ev.Extensions {
		e.attributes[x.Name] = types.DefaultTypeAdapter.NativeToValue(x.Value)
	}
	switch {
	case ev.Data == nil:
	case ev.DataIsJSON():
		v, err := decodeOracle(ev.Data)
		if e.dataErr = err; err == nil {
			e.attributes["data"] = v
		}
	case ev.DataIsText():
		e.attributes["data"] = types.String(ev.Data)
	default:
		e.attributes["data"] = types.Bytes(ev.Data)
	}
	headers := &orderedMap{}
	for _, h := range ev.Headers {
		headers.set(h.Name, types.String(h.Value))
	}
	return map[string]any{"event": e, "headers": headers.value()}
}

func (e *oracleEvent) get(name string) (ref.Val, error) {
	if name == "data" && e.dataErr != nil {
		return nil, e.dataErr
	}
	if v := e.attributes[name]; v != nil {
		return v, nil
	}
	return nil, errors.New("no such attribute: " + name)
}

// Get implements traits.Indexer, for dyn(event).name.
func (e *oracleEvent) Get(index ref.Val) ref.Val {
	name, ok := index.(types.String)
	if !ok {
		return types.NewErr("not an attribute name")
	}
	v, err := e.get(string(name))
	if err != nil {
		return types.WrapErr(err)
	}
	return v
}

// IsSet implements traits.FieldTester.
func (e *oracleEvent) IsSet(field ref.Val) ref.Val {
	v := e.Get(field)
	if types.IsError(v) && !isAbsent(v.(*types.Err)) {
		return v
	}
	return types.Bool(!types.IsError(v))
}

// ConvertToNative implements ref.Val.
func (e *oracleEvent) ConvertToNative(reflect.Type) (any, error) { return nil, errNotNative }

// ConvertToType implements ref.Val.
func (e *oracleEvent) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return eventType
	}
	return types.NewErr("an event cannot be converted")
}

// Equal implements ref.Val.
func (e *oracleEvent) Equal(other ref.Val) ref.Val { return types.Bool(ref.Val(e) == other) }

// Type implements ref.Val.
func (e *oracleEvent) Type() ref.Type { return eventType }

// Value implements ref.Val.
func (e *oracleEvent) Value() any { return e }

// TestOracleSeesWhatIsWritten: the oracle itself, where it is easily wrong.
func TestOracleSeesWhatIsWritten(t *testing.T) {
	for pattern, want := range map[string]string{
		"a.b": "a.b", "a.*": "a.c", "**": "a.b.c", "a.**": "a.b.c", "a*.b*c": "a.bxc", "*": "a",
	} {
		if on := typeExpr([]string{"x", pattern}); !on.MatchString(want) || on.MatchString("") || on.MatchString("a.") && pattern != "**" {
			t.Errorf("%s: %s", pattern, on)
		}
	}
}
