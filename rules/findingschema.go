package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/wye-events/wye/rules/index"
	"github.com/wye-events/wye/rules/logic"
	"github.com/wye-events/wye/schemas/eventschema"
)

// LoadSchemas reads the schemas of events in a directory, see package
// eventschema. What cannot be used is left out, and told.
func LoadSchemas(dir string) (*eventschema.Set, Problems) {
	set, faults := eventschema.Load(dir)
	var problems Problems
	for _, f := range faults {
		problems = append(problems, Problem{
			Severity: Error, Code: codeSchema, File: f.File, Line: f.Line, Column: f.Column,
			Message: f.Message, Hint: f.Hint, Source: withoutSecret(f.Source),
		})
	}
	problems.sort()
	return set, problems
}

// bySchema holds the rule against the schemas of the events that it takes.
func (c *conditionFinder) bySchema() {
	if c.options.Schemas == nil || len(c.options.Schemas.Types()) == 0 {
		return
	}
	all := c.typesTaken()
	if len(all) == 0 {
		c.unreached()
	}
	if len(all) == 0 || c.root == nil || !c.knowsAllTypes() {
		return
	}
	s := &schemaFinder{conditionFinder: c}
	for _, t := range all {
		known := []logic.Known{{Term: "event.type", Set: setOfTypes([]string{t})}}
		if logic.Possible(known, logic.Goal{Formula: c.root.formula, Want: logic.IsTrue}) {
			s.schemas = append(s.schemas, c.options.Schemas.Of(t))
		}
	}
	if len(s.schemas) > 0 {
		s.walk(c.root.expr, nil)
	}
}

// typesTaken are the known types of events that the rule takes.
func (c *conditionFinder) typesTaken() (taken []string) {
	for _, t := range c.options.Schemas.Types() {
		if fitsOn(c.rule.On, t) {
			taken = append(taken, t)
		}
	}
	return taken
}

// knowsAllTypes tells whether there is a schema for every type that the rule
// names. What it takes by a pattern is known as far as there are schemas.
func (c *conditionFinder) knowsAllTypes() bool {
	if slices.ContainsFunc(c.typesTaken(), func(t string) bool { return c.options.Schemas.Of(t) == nil }) {
		return false // one that cannot be used
	}
	return !slices.ContainsFunc(c.rule.On, func(on string) bool { return !isPattern(on) && c.options.Schemas.Of(on) == nil })
}

func (c *conditionFinder) unreached() {
	parsed := c.of(c.rule)
	at := parsed.key
	if parsed.on != nil {
		at = parsed.on
	}
	hint := hintList(c.options.Schemas.Types(), "the types with a schema are")
	for _, on := range c.rule.On {
		if near, ok := nearest(on, c.options.Schemas.Types()); ok {
			hint = fmt.Sprintf("did you mean %q?", near)
			break
		}
	}
	c.add(c.at(c.rule, placeOf(at), codeUnreached, Warning,
		fmt.Sprintf("no event type that has a schema is %s, so rule %q may never match", typesWords(c.rule.On), c.rule.Name), hint))
}

// isRequired tells whether the schemas say that a field of the data is always
// there.
func (c *conditionFinder) isRequired(term string) bool {
	path, isData := strings.CutPrefix(term, "event.data.")
	if !isData || strings.ContainsAny(path, `"[`) || c.options.Schemas == nil || !c.knowsAllTypes() {
		return false
	}
	all := c.typesTaken()
	return len(all) > 0 && !slices.ContainsFunc(all, func(t string) bool {
		return !c.options.Schemas.Of(t).At(strings.Split(path, ".")...).Required
	})
}

// schemaFinder looks at what a condition asks of the data.
type schemaFinder struct {
	*conditionFinder
	schemas []*eventschema.Schema // of the events that may meet the condition
}

// walk looks at an expression. Variables are those of the loops around, by the
// places of the data that they go through.
func (s *schemaFinder) walk(e ast.Expr, variables map[string][]string) {
	if _, ok := s.path(e, variables); ok {
		s.field(e, variables)
		return
	}
	switch e.Kind() {
	case ast.SelectKind:
		if sel := e.AsSelect(); sel.IsTestOnly() {
			if path, ok := s.path(sel.Operand(), variables); ok && s.field(sel.Operand(), variables) {
				s.name(e, append(slices.Clone(path), sel.FieldName()))
				return
			}
		}
		s.walk(e.AsSelect().Operand(), variables)
	case ast.CallKind:
		call := e.AsCall()
		fine := true
		for _, a := range slices.Concat(call.Args(), []ast.Expr{call.Target()}) {
			if a == nil || a.Kind() == ast.UnspecifiedExprKind {
				continue
			}
			before := s.findings
			s.walk(a, variables)
			fine = fine && before == s.findings
		}
		if fine {
			s.compared(e, call, variables)
		}
	case ast.ListKind:
		for _, a := range e.AsList().Elements() {
			s.walk(a, variables)
		}
	case ast.ComprehensionKind:
		s.loop(e.AsComprehension(), variables)
	}
}

func (s *schemaFinder) loop(c ast.ComprehensionExpr, variables map[string][]string) {
	s.walk(c.IterRange(), variables)
	inside := maps.Clone(variables)
	if inside == nil {
		inside = map[string][]string{}
	}
	delete(inside, c.IterVar())
	if path, ok := s.path(c.IterRange(), variables); ok && !c.HasIterVar2() && s.place(path).Kinds&eventschema.Object == 0 {
		inside[c.IterVar()] = append(slices.Clone(path), eventschema.Element)
	}
	s.walk(c.LoopStep(), inside)
}

// path leads to what an expression names in the data.
func (s *schemaFinder) path(e ast.Expr, variables map[string][]string) ([]string, bool) {
	for isCall(e, "dyn") {
		e = e.AsCall().Args()[0]
	}
	switch e.Kind() {
	case ast.IdentKind:
		path, ok := variables[e.AsIdent()]
		return path, ok
	case ast.SelectKind:
		sel := e.AsSelect()
		if sel.IsTestOnly() {
			return nil, false
		}
		if _, shadowed := variables["event"]; isIdent(sel.Operand(), "event") && sel.FieldName() == "data" && !shadowed {
			return nil, true
		}
		path, ok := s.path(sel.Operand(), variables)
		return append(slices.Clone(path), sel.FieldName()), ok
	case ast.CallKind:
		if !isCall(e, operators.Index) {
			return nil, false
		}
		path, ok := s.path(e.AsCall().Args()[0], variables)
		if !ok || e.AsCall().Args()[1].Kind() != ast.LiteralKind {
			return nil, false
		}
		switch at := s.formulas.literal(e.AsCall().Args()[1]).(type) {
		case types.String:
			return append(slices.Clone(path), string(at)), true
		case types.Int:
			return append(slices.Clone(path), eventschema.Element), true
		}
	}
	return nil, false
}

// field looks whether there is such a field, from the top of the data down. It
// reports false where it has told that there is none.
func (s *schemaFinder) field(e ast.Expr, variables map[string][]string) bool {
	for isCall(e, "dyn") {
		e = e.AsCall().Args()[0]
	}
	path, ok := s.path(e, variables)
	if !ok || len(path) == 0 {
		return true
	}
	switch e.Kind() {
	case ast.SelectKind:
		return s.field(e.AsSelect().Operand(), variables) && s.name(e, path)
	case ast.CallKind:
		return s.field(e.AsCall().Args()[0], variables) && s.name(e, path)
	}
	return true
}

// place is what the schemas say of a place, all of them together.
func (s *schemaFinder) place(path []string) eventschema.Place {
	all := eventschema.Place{Closed: true, Values: []any{}}
	names := map[string]bool{}
	for _, schema := range s.schemas {
		one := schema.At(path...)
		all.Kinds |= one.Kinds
		all.Told = all.Told || one.Told
		all.Closed = all.Closed && one.Closed
		for _, n := range one.Names {
			names[n] = true
		}
		if one.Values == nil || all.Values == nil {
			all.Values = nil
		} else {
			all.Values = append(all.Values, one.Values...)
		}
		if !one.Told && !one.Closed {
			all.Kinds, all.Values = eventschema.Any, nil
		}
	}
	all.Names = slices.Sorted(maps.Keys(names))
	return all
}

// name looks whether the schemas know the last name of a path.
func (s *schemaFinder) name(e ast.Expr, path []string) bool {
	place := s.place(path)
	last := path[len(path)-1]
	if place.Told || last == eventschema.Element || len(place.Names) == 0 && !place.Closed {
		return true
	}
	near, isNear := nearest(last, place.Names)
	severity, hint := Warning, hintList(place.Names, "its fields are")
	if isNear {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	if (isNear || place.Closed) && !s.asksWhether("event.data."+strings.Join(path, ".")) {
		severity = Error
	}
	if len(place.Names) == 0 {
		hint = "it has no fields there"
	}
	above := strings.Join(append([]string{"event.data"}, path[:len(path)-1]...), ".")
	above = strings.ReplaceAll(above, "."+eventschema.Element, eventschema.Element)
	at := s.clauseOf(e.ID())
	start := at.start
	if text := string(s.where().text[at.start:min(at.end, len(s.where().text))]); e.Kind() == ast.SelectKind && strings.Contains(text, last) {
		start += len([]rune(text[:strings.LastIndex(text, last)]))
	}
	s.findings++
	s.add(s.at(s.rule, s.where().places.at(start), codeField, severity,
		fmt.Sprintf("%s has no field %s in the schema of %s", above, quote(last), s.typesWords()), hint))
	return false
}

func (s *schemaFinder) typesWords() string {
	names := make([]string, len(s.schemas))
	for i, schema := range s.schemas {
		names[i] = schema.Type
	}
	return typesWords(names)
}

// compared looks whether what a field is compared with is something that it can
// be.
func (s *schemaFinder) compared(e ast.Expr, call ast.CallExpr, variables map[string][]string) {
	f := s.formulas.call(call)
	if f == nil {
		return
	}
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	for _, a := range args {
		path, ok := s.path(a, variables)
		if !ok {
			continue
		}
		for f.Op == logic.Not {
			f = f.Kids[0]
		}
		place := s.place(path)
		if f.Op != logic.Test || !place.Told || place.Kinds == 0 || f.Sets[logic.IsTrue].Meets(setOfPlace(place)) || call.FunctionName() == operators.In && args[1] == a {
			return
		}
		s.mismatch(e, a, call, f, place)
		return
	}
}

func (s *schemaFinder) mismatch(e, field ast.Expr, call ast.CallExpr, f *logic.Formula, place eventschema.Place) {
	ends := "so this is never true"
	if call.FunctionName() == operators.NotEquals {
		ends = "so this tells nothing"
	}
	s.find(e.ID(), codeMismatch, Error,
		fmt.Sprintf("%s is %s in the schema of %s, %s", s.words(field.ID()), placeWords(place), s.typesWords(), ends),
		s.mismatchHint(f, place))
}

func (s *schemaFinder) mismatchHint(f *logic.Formula, place eventschema.Place) string {
	values, ok := f.Sets[logic.IsTrue].Finite()
	if !ok || len(values) != 1 {
		return "compare it with a value that it can be, or mend the schema"
	}
	text, isText := strings.CutPrefix(values[0], `"`)
	switch number := inNumber(values[0]); {
	case isText && place.Values != nil:
		var known []string
		for _, v := range place.Values {
			if t, ok := v.(string); ok {
				known = append(known, t)
			}
		}
		return hintNearest(text, known, "it is one of")
	case isText && place.Kinds&eventschema.Number != 0 && number != "":
		return fmt.Sprintf("write %s, without quotes", text)
	case isText && place.Kinds&eventschema.Bool != 0 && (text == "true" || text == "false"):
		return fmt.Sprintf("write %s, without quotes", text)
	case !isText && place.Kinds&eventschema.Text != 0 && number != "":
		return fmt.Sprintf("write %q, in quotes", number)
	case place.Kinds == eventschema.List:
		return "to find it in a list, write VALUE in " + f.Term
	}
	return "compare it with a value that it can be, or mend the schema"
}

// placeWords is what may stand at a place: "a number or null", "one of 3 values".
func placeWords(place eventschema.Place) string {
	if n := len(place.Values); n > 0 {
		shown := make([]string, 0, n)
		for _, v := range place.Values {
			text, _ := json.Marshal(v)
			shown = append(shown, string(text))
		}
		slices.Sort(shown)
		if shown = slices.Compact(shown); len(shown) == 1 {
			return shown[0]
		}
		const most = 5
		if len(shown) <= most {
			return "one of " + strings.Join(shown, ", ")
		}
		return fmt.Sprintf("one of %d values", len(shown))
	}
	var words []string
	for _, k := range []struct {
		kind eventschema.Kinds
		word string
	}{
		{eventschema.Text, "a text"}, {eventschema.Number, "a number"}, {eventschema.Bool, "true or false"},
		{eventschema.List, "a list"}, {eventschema.Object, "an object"}, {eventschema.Null, "null"},
	} {
		if place.Kinds&k.kind != 0 {
			words = append(words, k.word)
		}
	}
	return strings.Join(words, " or ")
}

// setOfPlace are the values that may stand at a place.
func setOfPlace(p eventschema.Place) logic.Set {
	if p.Values != nil {
		if set, ok := setOfJSON(p.Values); ok {
			return set
		}
	}
	var kinds logic.Kind
	for from, to := range map[eventschema.Kinds]logic.Kind{
		eventschema.Null: logic.Null, eventschema.Bool: logic.Bools, eventschema.Number: logic.Number,
		eventschema.Text: logic.Text, eventschema.List: logic.Other, eventschema.Object: logic.Other,
	} {
		if p.Kinds&from != 0 {
			kinds |= to
		}
	}
	return logic.Of(kinds)
}

func setOfJSON(values []any) (logic.Set, bool) {
	var all []index.Value
	other := false
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			all = append(all, index.Value{Kind: index.Null})
		case bool:
			all = append(all, index.Value{Kind: index.Bool, Bool: v})
		case string:
			all = append(all, index.Value{Kind: index.String, Str: v})
		case json.Number:
			n, ok := constantValue(parseNumber(v.String()))
			if !ok {
				return logic.Set{}, false
			}
			all = append(all, n)
		default:
			other = true
		}
	}
	in, _ := setOf(all)
	if other {
		in.Kinds |= logic.Other
	}
	return in, true
}
