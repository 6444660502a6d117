package rules

import (
	"regexp/syntax"

	"github.com/wye-events/wye/rules/index"
)

// pattern is a regular expression, compiled when it is first asked for.
func (t *indexer) pattern(text string) *index.Pattern {
	if p := t.patterns[text]; p != nil {
		return p
	}
	compiled := newPattern(text)
	p := &index.Pattern{
		Key: "=~" + text, Prefix: anchoredPrefix(text),
		Fits: func(s string) (yes, ok bool) { return compiled().fits(s) },
	}
	t.patterns[text] = p
	return p
}

// anchoredPrefix is what every text begins with that the expression finds.
func anchoredPrefix(text string) string {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil || parsed.Op != syntax.OpConcat || len(parsed.Sub) < 2 {
		return ""
	}
	first, second := parsed.Sub[0], parsed.Sub[1]
	if first.Op != syntax.OpBeginText || second.Op != syntax.OpLiteral || second.Flags&syntax.FoldCase != 0 {
		return ""
	}
	return string(second.Rune)
}

// on translates which types of events a rule means; nil is all of them.
func (t *indexer) on(r *CompiledRule) *index.Expr {
	field := typeField
	var kids []*index.Expr
	exact := &index.Expr{Op: index.Equal, Field: field}
	for _, on := range r.On {
		if !isPattern(on) {
			exact.Values = append(exact.Values, index.Value{Kind: index.String, Str: on})
		}
	}
	if len(exact.Values) > 0 {
		kids = append(kids, exact)
	}
	for _, on := range r.On {
		switch {
		case on == "**":
			return nil
		case isPattern(on):
			kids = append(kids, &index.Expr{Op: index.Fits, Field: field, Pattern: t.typePattern(on)})
		}
	}
	if len(kids) == 1 {
		return kids[0]
	}
	return &index.Expr{Op: index.Or, Kids: kids}
}

var typeField = &index.Field{Root: index.Attribute, Name: "type"}

func (t *indexer) typePattern(on string) *index.Pattern {
	key := "on " + on
	if p := t.patterns[key]; p != nil {
		return p
	}
	compiled := compileType(on)
	before := 0
	for before < len(on) && on[before] != '*' {
		before++
	}
	p := &index.Pattern{Key: key, Prefix: on[:before], Fits: func(s string) (yes, ok bool) { return compiled.fits(s), true }}
	t.patterns[key] = p
	return p
}
