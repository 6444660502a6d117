package plan

// shown is the order in which the examples of a rule stand.
var shown = []Difference{
	NoLongerMatched, NewlyMatched, OtherTargets, PayloadChanged, NewlyInError, NoLongerInError,
	NewlyDead, NoLongerDead, NewlyShadowed, NoLongerShadowed,
}

// examples adds the events that show the differences, those of the largest first:
// these are explained as far as there is room for that.
func (m *making) examples() {
	m.left = explainedMost
	for _, what := range []Difference{NewlyUnmatched, NewlyMatched} {
		m.report.Events.Examples = m.show(m.report.Events.Examples, about{everyRow, what})
	}
	for i := range m.report.Rules {
		for _, what := range shown {
			m.report.Rules[i].Examples = m.show(m.report.Rules[i].Examples, about{m.rows[i], what})
		}
	}
}

func (m *making) show(all []Example, of about) []Example {
	for _, e := range m.Tally.examples.kept[of] {
		if e.why == nil && m.left > 0 {
			m.left--
			w := m.c.explain(of, e)
			e.why = &w
		}
		one := Example{
			Difference: of.what, ID: shorten(e.event.ID, nameMost), Source: shorten(e.event.Source, nameMost),
			Type: shorten(e.event.Type, nameMost), Time: e.moment(), Excerpt: excerpt(e),
		}
		if m.report.Traffic.From == FromArchive {
			one.Sequence = e.Number
		} else {
			one.Line = e.Number
		}
		if e.why != nil {
			one.Part, one.Why = e.why.Part, e.why.Text
		}
		all = append(all, one)
	}
	return all
}

// Where the events of a [Traffic] are from.
const (
	FromArchive = "archive"
	FromFile    = "file"
)

// excerpt is the beginning of the data, if it is text.
func excerpt(e *example) string {
	data := e.event.Data
	if !e.event.DataIsJSON() && !e.event.DataIsText() {
		return ""
	}
	return shorten(string(data[:min(len(data), 4*excerptMost)]), excerptMost)
}

// notes say where the report is not exact.
func (m *making) notes() {
	note := func(is bool, text string) {
		if is {
			m.report.Notes = append(m.report.Notes, text)
		}
	}
	note(m.minutes.torn, "the events are not in the order in which they came, and too many minutes were counted: peak minutes are lower than they were")
	note(m.Tally.examples.full, "there are too many differences to keep examples of all of them")
	note(m.left == 0, "only the examples of the largest differences are explained")
}
