package router

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"
)

// begun is how far an earlier run came with a dead letter.
type begun int

const (
	recorded begun = iota + 1 // its record says redriven; the entry may be in the backlog
	ended                     // it was discarded, or redriven and what became of it then is recorded
)

// begunSince tells what an earlier run has begun with dead letters beyond a
// number, by the records from a time on.
func (r *Router) begunSince(ctx context.Context, since time.Time, beyond uint64) (map[uint64]begun, error) {
	r.outcomes.sync(ctx)
	found := map[uint64]begun{}
	numbers := map[string]uint64{} // by delivery
	walk, err := r.bus.WalkOutcomes(ctx, 0, since.Add(-clockSlack), func(batch []byte) bool {
		for line := range bytes.Lines(batch) {
			var o struct {
				outcomeLine
				Replay string `json:"replay"`
			}
			if json.Unmarshal(line, &o) != nil {
				continue
			}
			id := deliveryID(o.Sequence, o.Rule, o.Target, o.Replay)
			number, redriven := numbers[id]
			switch {
			case outcome(o.Outcome) == outcomeRedriven && o.DeadLetter > beyond:
				numbers[id], found[o.DeadLetter] = o.DeadLetter, recorded
			case outcome(o.Outcome) == outcomeDiscarded && o.DeadLetter > beyond:
				found[o.DeadLetter] = ended
			case redriven && o.DeadLetter == number: // taken back
				delete(found, number)
				delete(numbers, id)
			case redriven:
				found[number] = ended
			}
		}
		return true
	})
	if err == nil && !walk.End {
		err = errors.New("the history of outcomes could not be read to its end")
	}
	return found, err
}
