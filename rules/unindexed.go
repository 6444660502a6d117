package rules

import "fmt"

// unindexed tells of the rules that the index can find by nothing but the type
// of the event.
func (l *loadedSet) unindexed() (notes Problems) {
	lines := map[string]*file{}
	for _, f := range l.files {
		lines[f.name] = nil
	}
	for _, r := range l.matcher.unindexed(maxReport) {
		f, ok := lines[r.Place.File]
		if f == nil && ok {
			f = fileOf(r.Place.File, r.Place.text)
			lines[r.Place.File] = f
		}
		p := Problem{File: r.Place.File, Line: r.Place.Line, Column: r.Place.Column}
		if f != nil {
			p = f.problem(place{r.Place.Line, r.Place.Column}, "", "", "")
		}
		p.Severity, p.Code, p.Rule = Note, codeUnindexed, r.Name
		p.Message = fmt.Sprintf("rule %q is evaluated for every event of type %s: nothing in its condition can be looked up", r.Name, typesWords(r.On))
		p.Hint = "compare a field with a constant beside it (&& with ==, in, startsWith, < or >); one rule like this costs little, hundreds add up"
		notes = append(notes, p)
	}
	return notes
}
