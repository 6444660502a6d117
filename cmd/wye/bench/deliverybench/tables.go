package deliverybench

import (
	"fmt"
	"strings"
)

// kindTable has Wye and the floor of every kind of target side by side.
func (r *Report) kindTable() *table {
	t := newTable("Delivery by kind of target",
		"target", "at once", "events/s", "floor", "÷ floor", "CPU µs", "floor", "p50 ms", "p99 ms", "sent p50", "floor", "sent p99", "floor", "aside")
	for _, p := range r.Kinds {
		t.add(append([]string{p.Name, whole(float64(p.Concurrency))}, p.cells()...)...)
		r.pairNotes(t, p)
	}
	return t
}

func (p Pair) cells() []string {
	w, f := p.Wye, p.Floor
	return []string{
		grouped(w.EventsPerSecond), whole(f.EventsPerSecond), known(p.OfFloor, "%.2f"),
		known(w.CPU, "%.1f"), known(f.CPU, "%.1f"), millis(w.P50), millis(w.P99),
		millis(w.SentP50), millis(f.SentP50), millis(w.SentP99), millis(f.SentP99), share(w.Aside),
	}
}

func (r *Report) policyTable() *table {
	t := newTable("What order and batches cost",
		"an HTTP target", "events/s", "÷ without", "floor", "÷ floor", "CPU µs", "floor", "p50 ms", "p99 ms", "sent p50", "floor", "sent p99", "floor", "aside")
	for _, p := range r.Policies {
		cells := p.cells()
		t.add(append([]string{p.Name, cells[0], known(p.OfPlain, "%.2f")}, cells[1:]...)...)
		r.pairNotes(t, p.Pair)
	}
	return t
}

func (r *Report) manyTable() *table {
	t := newTable("Many targets", "targets", "matches", "events/s", "÷ one target", "deliveries/s", "CPU µs", "p50 ms", "p99 ms", "peak MB", "aside")
	for _, m := range r.Targets {
		w := m.Wye
		t.add(grouped(float64(m.Targets)), fmt.Sprint(m.Matches), grouped(w.EventsPerSecond), known(m.OfOne, "%.2f"), grouped(m.Deliveries),
			known(w.CPU, "%.1f"), millis(w.P50), millis(w.P99), known(m.Peak, "%.0f"), share(w.Aside))
		name := fmt.Sprintf("%s, %s", counted(m.Targets, "target"), plural(m.Matches, "match"))
		t.notesOf(name, w)
		r.lowered(t, name, w)
	}
	return t
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ses", n, noun)
}

func (r *Report) outageTable() *table {
	o := r.Outage
	if o == nil {
		return newTable("")
	}
	t := newTable(fmt.Sprintf("One of two targets is down while %s events arrive each second", grouped(o.Rate)),
		"", "other's p50 ms", "p99 ms", "sent p50", "sent p99", "÷ before", "memory MB", "waiting")
	for _, p := range o.Phases {
		t.add(p.Name, millis(p.P50), millis(p.P99), millis(p.SentP50), millis(p.SentP99), known(p.OfBefore, "%.2f"), known(p.Memory, "%.0f"), grouped(float64(p.Waiting)))
	}
	t.note("It got the first event %.1f s after it was back, and had caught up after %.1f s, at %s events/s.", o.Resumed, o.Drained, grouped(o.DrainedPerSecond))
	t.notesOf("outage", Figures{Errors: o.Errors, Example: o.Example, Undelivered: o.Undelivered, Repeated: o.Repeated})
	return t
}

func (r *Report) pairNotes(t *table, p Pair) {
	name := fmt.Sprintf("%s, %d at once", p.Name, p.Concurrency)
	t.notesOf(name, p.Wye)
	t.notesOf(name+", the floor", p.Floor)
	r.lowered(t, name, p.Wye)
}

// lowered tells of a row that could not be given the rate of the others.
func (r *Report) lowered(t *table, name string, f Figures) {
	if f.Offered < r.Settings.Rate {
		t.note("%s: latencies at %s/s, half of what goes", name, grouped(f.Offered))
	}
}

// notesOf adds what a reader of a row must know besides its figures.
func (t *table) notesOf(name string, f Figures) {
	if f.Errors > 0 {
		t.note("%s: %d errors, the first: %s", name, f.Errors, strings.TrimSpace(f.Example))
	}
	if f.Undelivered > 0 {
		t.note("%s: %d accepted events had not arrived %v after the last was sent", name, f.Undelivered, arriving)
	}
	if f.Repeated > 0 {
		t.note("%s: %d arrivals were repetitions", name, f.Repeated)
	}
}
