package router

import (
	"strconv"
	"time"
)

// outcomeRecord is one line of the history.
type outcomeRecord struct {
	sequence     uint64
	rule, target string
	outcome      outcome
	attempts     int
	first, at    int64  // when the delivery began and when it ended, in Unix milliseconds
	version      string // of the rule set that decided
	status       int    // of the last attempt that failed, where it had one
	dead         uint64 // number of the dead letter
	replay       string // the replay that repeated the event
}

// append writes the line in JSON. The names in it are checked by the rule
// language, so nothing needs escaping.
func (o *outcomeRecord) append(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"sequence":`...), o.sequence, 10)
	b = append(append(b, `,"rule":"`...), o.rule...)
	b = append(append(b, `","target":"`...), o.target...)
	b = append(append(b, `","outcome":"`...), o.outcome...)
	b = strconv.AppendInt(append(b, `","attempts":`...), int64(o.attempts), 10)
	b = strconv.AppendInt(append(b, `,"at_ms":`...), o.at, 10)
	if o.first != 0 {
		b = strconv.AppendInt(append(b, `,"first_ms":`...), o.first, 10)
	}
	b = append(append(append(b, `,"version":"`...), o.version...), '"')
	if o.status != 0 {
		b = strconv.AppendInt(append(b, `,"status":`...), int64(o.status), 10)
	}
	if o.dead != 0 {
		b = strconv.AppendUint(append(b, `,"dead_letter":`...), o.dead, 10)
	}
	if o.replay != "" {
		b = append(append(append(b, `,"replay":"`...), o.replay...), '"')
	}
	return append(b, "}\n"...)
}

// outcomeOf is the line of the history about a delivery that has ended.
func outcomeOf(j *job, how outcome) outcomeRecord {
	d := &j.delivery
	rec := outcomeRecord{
		sequence: d.Sequence, rule: d.Rule, target: d.Target, outcome: how, attempts: j.Tried,
		at: time.Now().UnixMilli(), version: d.Version, dead: j.dead, replay: d.Replay,
	}
	if !j.First.IsZero() {
		rec.first = j.First.UnixMilli()
	}
	if n := len(j.attempts); n > 0 {
		rec.status = j.attempts[n-1].Status
	}
	return rec
}
