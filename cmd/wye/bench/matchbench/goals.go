package matchbench

import (
	"fmt"
	"io"
)

// Goal is one figure that is held against what it may be at most and what it is
// meant to be.
type Goal struct {
	Name    string   `json:"name"`
	Value   *float64 `json:"value"` // nil where it was not measured
	AtMost  float64  `json:"at_most"`
	Aim     float64  `json:"aim"`
	Verdict string   `json:"verdict"` // "aim met", "met", "MISSED" or "not measured"
}

// judge makes the goals of the rows that were measured.
func (r *Report) judge() {
	for _, row := range r.Rows {
		if row.AtMost > 0 {
			r.goal(row.Set+", time of a match in F", row.Floors, row.AtMost, row.Aim)
		}
	}
	if many, ten := r.row(hundredThousand), r.row(tenRules); many != nil && ten != nil {
		quotient := many.Match.Median / ten.Match.Median
		r.goal("100,000 mixed rules, in the time of ten", &quotient, 2.5, 2.5)
	}
	if row := r.row(attributesOnly); row != nil {
		r.goal("attributes only, time with 64 times the data", row.LargeData, 1.25, 1.25)
	}
	r.judgeAllocations()
	if row := r.row(hundredThousand); row != nil {
		r.goal("100,000 mixed rules, bytes of the index for a rule", &row.Load.IndexPerRule, 128, 64)
		r.goal("100,000 mixed rules, loading as a share of cel-go's parse + check", row.Load.share(), 1.0/3, 0.1)
	}
	if row := r.row(hundredThousand); row != nil && row.Load.AddOne != nil {
		r.goal("one rule added to 100,000, in a file of its own, ms", &row.Load.AddOne.Alone, 20, 1)
		r.goal("one rule added to 100,000, in a file of nearly a MiB, ms", &row.Load.AddOne.Large, 20, 1)
	}
}

// nearlyNone is what allocations an event may come to where there are none: a
// collection empties the pool of scratch memory, which is then made anew.
const nearlyNone = 0.01

func (r *Report) judgeAllocations() {
	most, some := 0.0, false
	for _, row := range r.Rows {
		if !row.residual {
			most, some = max(most, row.Allocations), true
		}
	}
	if some {
		if most < nearlyNone {
			most = 0
		}
		r.goal("allocations an event where nothing residual runs, most of all sets", &most, 0, 0)
	}
}

func (r *Report) row(name string) *Row {
	for i := range r.Rows {
		if r.Rows[i].Set == name {
			return &r.Rows[i]
		}
	}
	return nil
}

func (r *Report) goal(name string, value *float64, atMost, aim float64) {
	g := Goal{Name: name, Value: value, AtMost: atMost, Aim: aim}
	switch {
	case value == nil:
		g.Verdict = "not measured"
	case *value <= aim:
		g.Verdict = "aim met"
	case *value <= atMost:
		g.Verdict = "met"
	default:
		g.Verdict = "MISSED"
	}
	r.Goals = append(r.Goals, g)
}

func (r *Report) writeGoals(w io.Writer) {
	t := newTable("goal", "seen", "at most", "aim", "")
	for _, g := range r.Goals {
		t.add(g.Name, g.seen(), fmt.Sprintf("%.3g", g.AtMost), fmt.Sprintf("%.3g", g.Aim), g.Verdict)
	}
	t.write(w)
}

func (g Goal) seen() string {
	switch {
	case g.Value == nil:
		return "-"
	case *g.Value >= 1000:
		return grouped(*g.Value)
	}
	return fmt.Sprintf("%.3g", *g.Value)
}
