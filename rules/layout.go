package rules

import (
	"reflect"
	"strings"
)

// Layout is the form of a part of a rule file, as far as it counts for how the
// part is written. It is made from the shapes that the loader knows.
type Layout struct {
	// Keys are the keys of a mapping, in the order in which they are written. It
	// is empty where people choose them: then their order is theirs too.
	Keys []string
	// Under are the values of the keys, where they have a layout.
	Under map[string]*Layout
	// Each is what every value of a mapping with chosen keys, or every entry of a
	// list, is like; nil where it has no layout.
	Each *Layout
	// Expression tells that a text here is CEL.
	Expression bool
}

// FileLayout is the layout of a rule file.
func FileLayout() *Layout { return layoutOf(reflect.TypeFor[fileShape]()) }

func layoutOf(t reflect.Type) *Layout {
	switch {
	case t == reflect.TypeFor[condText]():
		return &Layout{Expression: true}
	case t.Kind() == reflect.Map, t.Kind() == reflect.Slice:
		if each := layoutOf(t.Elem()); each != nil {
			return &Layout{Each: each}
		}
		return nil
	case t.Kind() != reflect.Struct || t.NumField() == 0:
		return nil
	}
	l := &Layout{Under: map[string]*Layout{}}
	for i := range t.NumField() {
		field := t.Field(i)
		key, _, _ := strings.Cut(field.Tag.Get("key"), ",")
		l.Keys = append(l.Keys, key)
		if under := layoutOfField(field); under != nil {
			l.Under[key] = under
		}
	}
	return l
}

func layoutOfField(field reflect.StructField) *Layout {
	if field.Tag.Get("lang") == "cel" {
		return &Layout{Expression: true}
	}
	l := layoutOf(field.Type)
	if short := field.Tag.Get("short"); short != "" && l.Under[short] != nil {
		l.Expression = l.Under[short].Expression
	}
	return l
}
