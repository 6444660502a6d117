package eventschema

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Kinds is a set of kinds of JSON values.
type Kinds uint8

// The kinds of JSON values.
const (
	Null Kinds = 1 << iota
	Bool
	Number
	Text
	List
	Object

	Any = Null | Bool | Number | Text | List | Object
)

// Element is the step from a list to any of its elements.
const Element = "[]"

// Place is what a schema says of one place in the data.
type Place struct {
	Kinds Kinds // that may stand there; none where nothing may
	// Values are all that may stand there, nil where they are not counted up.
	Values []any
	// Told is whether the schema speaks of the place at all, by its own name.
	Told bool
	// Closed is whether nothing may stand there, because the schema leaves no
	// room for names that it does not tell.
	Closed bool
	// Required is whether it must be there, with everything on the way to it.
	Required bool
	// Names are those beside it that the schema tells, sorted.
	Names []string
}

// At is what the schema says of the place that names lead to from the top of the
// data. [Element] leads into a list.
func (s *Schema) At(path ...string) Place {
	views, ok := expand([]*jsonschema.Schema{s.schema})
	place := Place{Told: true, Required: true, Kinds: kindsOf(views)}
	for _, name := range path {
		if !ok {
			return Place{Kinds: Any}
		}
		place.Required = place.Required && required(views, name)
		var next []view
		next, place.Told, place.Closed, place.Names, ok = below(views, name)
		if ok && !place.Told {
			place.Kinds, place.Required = Any, false
			if place.Closed {
				place.Kinds = 0
			}
			return place
		}
		views = next
		place.Kinds = kindsOf(views)
	}
	if !ok {
		return Place{Kinds: Any}
	}
	place.Values = valuesOf(views)
	return place
}

// view is one of the ways that a value may be: it meets all of these schemas,
// whose references and combinations are resolved.
type view []*jsonschema.Schema

// maxViews bounds how many ways are looked at.
const maxViews = 256

// expand makes views of schemas that must all be met. It reports false where it
// gives up.
func expand(all []*jsonschema.Schema) ([]view, bool) {
	e := expander{left: 10 * maxViews}
	views := []view{nil}
	for _, s := range all {
		one, ok := e.views(s, map[*jsonschema.Schema]bool{})
		if views = crossed(views, one); !ok || len(views) > maxViews {
			return nil, false
		}
	}
	return views, true
}

type expander struct{ left int }

func (e *expander) views(s *jsonschema.Schema, under map[*jsonschema.Schema]bool) ([]view, bool) {
	if e.left--; e.left < 0 || s.RecursiveRef != nil || s.DynamicRef != nil {
		return nil, false
	}
	if under[s] { // it leads to itself, which says nothing more
		return []view{nil}, true
	}
	if s.Bool != nil && !*s.Bool {
		return nil, true
	}
	under[s] = true
	defer delete(under, s)
	views := []view{{s}}
	var groups [][]*jsonschema.Schema
	if s.Ref != nil {
		groups = append(groups, []*jsonschema.Schema{s.Ref})
	}
	for _, one := range s.AllOf {
		groups = append(groups, []*jsonschema.Schema{one})
	}
	groups = append(groups, s.AnyOf, s.OneOf)
	if s.If != nil {
		groups = append(groups, orTrue(s.Then, s.Else))
	}
	for _, one := range s.DependentSchemas {
		groups = append(groups, orTrue(one, nil))
	}
	for _, group := range groups {
		if len(group) == 0 {
			continue
		}
		var some []view
		for _, one := range group {
			ways, ok := e.views(one, under)
			if !ok {
				return nil, false
			}
			some = append(some, ways...)
		}
		if views = crossed(views, some); len(views) > maxViews {
			return nil, false
		}
	}
	return views, true
}

var anything = &jsonschema.Schema{}

// orTrue are two schemas of which one holds; one that is not there is met by all.
func orTrue(a, b *jsonschema.Schema) []*jsonschema.Schema {
	if a == nil {
		a = anything
	}
	if b == nil {
		b = anything
	}
	return []*jsonschema.Schema{a, b}
}

// crossed are the views that meet one of each list.
func crossed(a, b []view) (all []view) {
	for _, x := range a {
		for _, y := range b {
			all = append(all, slices.Concat(x, y))
		}
	}
	return all
}

// below goes to a member or to the elements.
func below(views []view, name string) (next []view, told, closed bool, names []string, ok bool) {
	known, closed, open := map[string]bool{}, true, false
	for _, v := range views {
		step := v.step(name)
		for _, n := range step.names {
			known[n] = true
		}
		if step.closed {
			continue
		}
		closed = false
		if !step.told {
			open = true
			continue
		}
		told = true
		ways, fine := expand(step.schemas)
		if !fine {
			return nil, true, false, nil, false
		}
		if next = append(next, ways...); len(next) > maxViews {
			return nil, true, false, nil, false
		}
	}
	if told && open { // some way says nothing of it
		next = append(next, view{anything})
	}
	return next, told, closed, slices.Sorted(maps.Keys(known)), true
}

type stepped struct {
	schemas []*jsonschema.Schema
	names   []string
	told    bool
	closed  bool
}

func (v view) step(name string) (s stepped) {
	if name == Element {
		return v.element()
	}
	byOther := false // a schema that stands for all names that are not told
	for _, one := range v {
		s.names = slices.AppendSeq(s.names, maps.Keys(one.Properties))
		here := false
		if p := one.Properties[name]; p != nil {
			s.schemas, here = append(s.schemas, p), true
		}
		for pattern, p := range one.PatternProperties {
			if pattern.MatchString(name) {
				s.schemas, here = append(s.schemas, p), true
			}
		}
		s.told = s.told || here
		if here {
			continue
		}
		switch rest := one.AdditionalProperties.(type) {
		case bool:
			s.closed = s.closed || !rest
		case *jsonschema.Schema:
			s.schemas, byOther = append(s.schemas, rest), true
			s.closed = s.closed || rest.Bool != nil && !*rest.Bool
		}
	}
	s.told = s.told || byOther
	if kindsOf([]view{v})&Object == 0 {
		s.closed = true
	}
	if !s.told && !s.closed {
		for _, one := range v {
			if u := one.UnevaluatedProperties; u != nil && u.Bool != nil && !*u.Bool {
				s.closed = true
			}
		}
	}
	return s
}

// element is the step into a list.
func (v view) element() (s stepped) {
	for _, one := range v {
		if len(one.PrefixItems) > 0 { // each place has its own; which one is asked for is not known
			continue
		}
		if one.Items2020 != nil {
			s.schemas, s.told = append(s.schemas, one.Items2020), true
		} else if items, ok := one.Items.(*jsonschema.Schema); ok {
			s.schemas, s.told = append(s.schemas, items), true
		}
	}
	s.closed = kindsOf([]view{v})&List == 0
	return s
}

// required tells whether a member is there in every way.
func required(views []view, name string) bool {
	for _, v := range views {
		if kindsOf([]view{v}) != Object || !slices.ContainsFunc(v, func(s *jsonschema.Schema) bool { return slices.Contains(s.Required, name) }) {
			return false
		}
	}
	return len(views) > 0
}

// kindsOf are those that any of the views allows.
func kindsOf(views []view) (all Kinds) {
	for _, v := range views {
		kinds := Any
		for _, s := range v {
			kinds &= kindsOfTypes(s.Types)
			if s.Const != nil {
				kinds &= kindOf(*s.Const)
			}
			if s.Enum != nil {
				kinds &= kindsOfValues(s.Enum.Values)
			}
		}
		all |= kinds
	}
	return all
}

func kindsOfTypes(types *jsonschema.Types) (all Kinds) {
	if types == nil || types.IsEmpty() {
		return Any
	}
	for _, name := range types.ToStrings() {
		all |= map[string]Kinds{"null": Null, "boolean": Bool, "number": Number, "integer": Number, "string": Text, "array": List, "object": Object}[name]
	}
	return all
}

func kindsOfValues(values []any) (all Kinds) {
	for _, v := range values {
		all |= kindOf(v)
	}
	return all
}

func kindOf(v any) Kinds {
	switch v.(type) {
	case nil:
		return Null
	case bool:
		return Bool
	case string:
		return Text
	case []any:
		return List
	case map[string]any:
		return Object
	case json.Number:
		return Number
	}
	return Any
}

// valuesOf are those that the views allow, nil where one does not count them up.
// Of a view with several lists the shortest is taken: no value is left out.
func valuesOf(views []view) []any {
	values := []any{}
	for _, v := range views {
		var some []any
		for _, s := range v {
			if s.Const != nil {
				some = []any{*s.Const}
			} else if s.Enum != nil && (some == nil || len(s.Enum.Values) < len(some)) {
				some = s.Enum.Values
			}
		}
		if some == nil {
			return nil
		}
		values = append(values, some...)
	}
	return values
}
