package deliverybench

import "fmt"

// Pair is a way to deliver through Wye, and its floor.
type Pair struct {
	Name        string  `json:"name"`
	Concurrency int     `json:"concurrency"`
	Wye         Figures `json:"wye"`
	Floor       Figures `json:"floor"` // nothing where there is no floor
	// OfFloor is the events a second of Wye divided by the floor's.
	OfFloor *float64 `json:"of_floor"`
}

// concurrencies are those of the issue: one at a time, the default, many.
func (r *run) concurrencies() []int { return choose(r.cfg, []int{1, 32, 256}, []int{32}) }

// kindBatch is how many events the batches of the kinds' table have.
const kindBatch = 100

// kinds measures every kind of target, and first what it takes to take events in
// that go nowhere.
func (r *run) kinds() {
	nowhere := plain(kindHTTP, defaultConcurrency)
	nowhere.matches = 0
	alone := Pair{Name: "none: taken in only"}
	if r.try(alone.Name, func() (err error) {
		alone.Wye, err = throughWye(r.ctx, r.cfg, nowhere)
		return err
	}) {
		r.report.Kinds = append(r.report.Kinds, alone)
	}
	for _, kind := range []struct {
		name, kind string
		batch      int
	}{
		{"http", kindHTTP, 0}, {fmt.Sprintf("http, batches of %d", kindBatch), kindHTTP, kindBatch},
		{"queue", kindQueue, 0}, {"stream", kindStream, 0},
	} {
		for _, n := range r.concurrencies() {
			s := plain(kind.kind, n)
			s.batch = kind.batch
			if p, ok := r.pair(kind.name, s, s); ok {
				r.report.Kinds = append(r.report.Kinds, p)
			}
		}
	}
}

// pair measures a scene and its floor. Where there is only one of them there is
// no row.
func (r *run) pair(name string, s, below scene) (Pair, bool) {
	p := Pair{Name: name, Concurrency: s.concurrency}
	where := fmt.Sprintf("%s, %d at once", name, s.concurrency)
	ok := r.try(where, func() (err error) {
		p.Wye, err = throughWye(r.ctx, r.cfg, s)
		return err
	}) && r.try(where+", the floor", func() (err error) {
		p.Floor, err = withoutWye(r.ctx, r.cfg, below, p.Wye.Offered)
		return err
	})
	p.OfFloor = quotient(p.Wye.EventsPerSecond, p.Floor.EventsPerSecond)
	return p, ok
}

// quotient is nil where there is nothing to divide by.
func quotient(over, under float64) *float64 {
	if over == 0 || under == 0 {
		return nil
	}
	q := over / under
	return &q
}
