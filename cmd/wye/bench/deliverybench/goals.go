package deliverybench

import "fmt"

// Goal is a figure that is held against what it is to be.
type Goal struct {
	Name  string   `json:"name"`
	Value *float64 `json:"value"` // nil where it was not measured
	Goal  string   `json:"goal"`
	Met   *bool    `json:"met,omitempty"`
}

// judge makes the goals of the parts that were measured.
func (r *Report) judge() {
	if o := r.Outage; o != nil {
		r.atLeast("catching up ÷ arrivals", o.OfArrivals, 3)
		r.atMost("the other's p99 when one goes down ÷ before", o.ofBefore(phaseFailing), 1.1)
		r.atMost("the other's p99 while a backlog waits ÷ before", o.ofBefore(phaseWaiting), 1.1)
		r.atMost("growth of memory, MB", o.Growth, 200)
	}
}

func (o *Outage) ofBefore(phase string) *float64 {
	if p := o.phase(phase); p != nil {
		return p.OfBefore
	}
	return nil
}

func (r *Report) atLeast(name string, v *float64, least float64) {
	r.goal(name, v, fmt.Sprintf("at least %g", least), func(v float64) bool { return v >= least })
}

func (r *Report) atMost(name string, v *float64, most float64) {
	r.goal(name, v, fmt.Sprintf("at most %g", most), func(v float64) bool { return v <= most })
}

func (r *Report) goal(name string, v *float64, goal string, holds func(float64) bool) {
	g := Goal{Name: name, Value: v, Goal: goal}
	if v != nil {
		met := holds(*v)
		g.Met = &met
	}
	r.Goals = append(r.Goals, g)
}

func (r *Report) goalTable() *table {
	t := newTable("Goals", "", "seen", "goal", "")
	for _, g := range r.Goals {
		t.add(g.Name, known(g.Value, "%.2f"), g.Goal, g.verdict())
	}
	return t
}

func (g Goal) verdict() string {
	switch {
	case g.Met == nil:
		return "not measured"
	case *g.Met:
		return "met"
	}
	return "MISSED"
}
