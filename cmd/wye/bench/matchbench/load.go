package matchbench

import (
	"fmt"
	"io"
	"time"

	"github.com/wye-events/wye/rules"
)

// Load is what it takes to have the rules ready, and to keep them so.
type Load struct {
	Time Spent `json:"load"`
	// ParseAndCheck is what cel-go takes to parse and check the same conditions
	// on the same processors.
	ParseAndCheck *Spent `json:"plain_cel_parse_and_check,omitempty"`
	// HeapPerRule is the bytes of a rule in a Matcher, beside its text.
	HeapPerRule  float64 `json:"heap_bytes_per_rule"`
	IndexPerRule float64 `json:"index_bytes_per_rule"`
	NotIndexed   int     `json:"rules_not_indexed"`
	AddOne       *AddOne `json:"add_one,omitempty"`
}

// Spent is time that passed, and what all processors worked in it.
type Spent struct {
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpu_seconds"`
}

// moment is when something began.
type moment struct {
	at   time.Time
	used time.Duration
}

func now() moment { return moment{time.Now(), used()} }

func (m moment) elapsed() Spent {
	return Spent{time.Since(m.at).Seconds(), (used() - m.used).Seconds()}
}

// describe adds what the index tells of itself.
func (l *Load) describe(i rules.IndexInfo) {
	l.IndexPerRule = float64(i.Bytes) / float64(max(i.Rules, 1))
	l.NotIndexed = i.NotIndexed
}

// share is the time of loading as a share of what cel-go takes to parse and
// check.
func (l Load) share() *float64 {
	if l.ParseAndCheck == nil {
		return nil
	}
	v := l.Time.Seconds / l.ParseAndCheck.Seconds
	return &v
}

// fewRules is how many rules are too few to tell what one of them takes in
// memory, beside what is there once.
const fewRules = 1000

func (r *Report) writeLoading(w io.Writer) {
	t := newTable("loading, all cores", "rules", "s", "CPU s", "parse + check s (cel-go)", "CPU s", "share", "index B/rule", "heap B/rule", "not indexed")
	for _, row := range r.Rows {
		l, seconds, cpu, index, heap := row.Load, "-", "-", "-", "-"
		if p := l.ParseAndCheck; p != nil {
			seconds, cpu = fmt.Sprintf("%.3f", p.Seconds), fmt.Sprintf("%.3f", p.CPUSeconds)
		}
		if row.Rules >= fewRules {
			index, heap = grouped(l.IndexPerRule), grouped(l.HeapPerRule)
		}
		t.add(row.Set, grouped(float64(row.Rules)), fmt.Sprintf("%.3f", l.Time.Seconds), fmt.Sprintf("%.3f", l.Time.CPUSeconds),
			seconds, cpu, optional(l.share(), "%.2f"), index, heap, grouped(float64(l.NotIndexed)))
	}
	t.write(w)
}
