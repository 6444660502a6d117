// Package plain matches events with cel-go alone, as somebody would write it
// who knows cel-go well and has no index. It is what Wye's matching is measured
// beside, and has nothing of Wye in it.
//
// It does what there is to do: conditions are optimised, rules are found by the
// event's type where they name it, the data is decoded once for all rules and
// only if one asks for it, and all conditions of an event share one frame.
package plain

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/interpreter"

	"github.com/wye-events/wye/rules/rulestest"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// Checked are rules whose conditions were parsed and checked.
type Checked struct {
	env   *cel.Env
	rules []rulestest.Rule
	asts  []*cel.Ast
}

// Check parses and checks the condition of every rule, on all processors: the
// least that cel-go does to load rules.
func Check(rules []rulestest.Rule) (*Checked, error) {
	env, err := cel.NewEnv(
		cel.Variable("event", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("headers", cel.MapType(cel.StringType, cel.StringType)),
	)
	if err != nil {
		return nil, err
	}
	c := &Checked{env, rules, make([]*cel.Ast, len(rules))}
	workers := runtime.GOMAXPROCS(0)
	failed := make([]error, workers)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := w; i < len(rules) && failed[w] == nil; i += workers {
				failed[w] = c.check(i)
			}
		})
	}
	wait.Wait()
	return c, errors.Join(failed...)
}

func (c *Checked) check(i int) error {
	ast, issues := c.env.Compile(c.rules[i].When)
	if issues.Err() != nil {
		return fmt.Errorf("rule %s: %w", c.rules[i].Name, issues.Err())
	}
	c.asts[i] = ast
	return nil
}

// Matcher holds a program for every rule. It is safe for use by many goroutines.
type Matcher struct {
	byType   map[string][]int
	patterns []int // rules that have a star
	rules    []rulestest.Rule
	programs []cel.Program
	data     bool // some rule asks for the data
}

// New compiles the rules.
func New(rules []rulestest.Rule) (*Matcher, error) {
	c, err := Check(rules)
	if err != nil {
		return nil, err
	}
	return c.Matcher()
}

// Matcher makes the programs.
func (c *Checked) Matcher() (m *Matcher, err error) {
	m = &Matcher{byType: map[string][]int{}, rules: c.rules, programs: make([]cel.Program, len(c.rules))}
	for i, r := range c.rules {
		if m.programs[i], err = c.env.Program(c.asts[i], cel.EvalOptions(cel.OptOptimize)); err != nil {
			return nil, err
		}
		m.data = m.data || strings.Contains(r.When, "event.data.")
		m.file(i)
	}
	return m, nil
}

// file puts a rule where the events of its types find it.
func (m *Matcher) file(i int) {
	on := m.rules[i].On
	if slices.ContainsFunc(on, func(t string) bool { return strings.HasSuffix(t, "**") }) {
		m.patterns = append(m.patterns, i)
		return
	}
	for _, t := range on {
		m.byType[t] = append(m.byType[t], i)
	}
}

// Match appends the places of the rules that match. A condition that fails is no
// match: most fail because a field is not there.
func (m *Matcher) Match(ev *cloudevent.Event, into []int) ([]int, error) {
	event, err := m.activation(ev)
	if err != nil {
		return into, err
	}
	frame := &interpreter.ExecutionFrame{Activation: event}
	for _, i := range m.byType[ev.Type] {
		into = m.eval(i, frame, into)
	}
	for _, i := range m.patterns {
		if fits(m.rules[i].On, ev.Type) {
			into = m.eval(i, frame, into)
		}
	}
	return into, nil
}

func (m *Matcher) eval(i int, frame *interpreter.ExecutionFrame, into []int) []int {
	if out, _, err := m.programs[i].Eval(frame); err == nil && out == types.True {
		into = append(into, i)
	}
	return into
}

func (m *Matcher) activation(ev *cloudevent.Event) (interpreter.Activation, error) {
	event := map[string]any{"id": ev.ID, "source": ev.Source, "type": ev.Type, "specversion": cloudevent.SpecVersion}
	for name, value := range map[string]string{"subject": ev.Subject, "datacontenttype": ev.DataContentType, "dataschema": ev.DataSchema} {
		if value != "" {
			event[name] = value
		}
	}
	if t, ok := ev.Timestamp(); ok {
		event["time"] = t
	}
	for _, x := range ev.Extensions {
		event[x.Name] = x.Value
	}
	if m.data && ev.DataIsJSON() {
		var data any
		if err := json.Unmarshal(ev.Data, &data); err != nil {
			return nil, err
		}
		event["data"] = data
	}
	headers := make(map[string]string, len(ev.Headers))
	for _, h := range ev.Headers {
		headers[h.Name] = h.Value
	}
	return interpreter.NewActivation(map[string]any{"event": event, "headers": headers})
}

// fits tells whether a type of event fits one of the patterns. The sets of
// package rulestest have only types, `**`, and types that end in it.
func fits(patterns []string, eventType string) bool {
	for _, p := range patterns {
		if p == eventType {
			return true
		}
		if prefix, ok := strings.CutSuffix(p, "**"); ok && strings.HasPrefix(eventType, prefix) {
			return true
		}
	}
	return false
}
