package router

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/lanes"
	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

// Attempt is what one try to deliver came to.
type Attempt struct {
	At      time.Time     `json:"at"`
	Took    time.Duration `json:"took_ns"`
	Status  int           `json:"status,omitempty"`
	Error   string        `json:"error"`
	Excerpt string        `json:"excerpt,omitempty"` // of the receiver's answer
}

// letter is a delivery as it is kept in BACKLOG and DEAD beside the event.
type letter struct {
	Sequence uint64    `json:"sequence"`
	Rule     string    `json:"rule"`
	Target   string    `json:"target"`
	Version  string    `json:"version"`
	First    time.Time `json:"first"`
	Due      time.Time `json:"due,omitzero"`
	Reason   string    `json:"reason,omitempty"` // of a dead letter
	Error    string    `json:"error,omitempty"`  // why it died, where no attempt says it
	At       time.Time `json:"at"`
	Tried    int       `json:"tried"` // attempts made; Attempts has the first and the newest of them
	Attempts []Attempt `json:"attempts,omitempty"`

	Expires  time.Time `json:"expires,omitzero"`   // by the event's expirytime
	Replay   string    `json:"replay,omitempty"`   // the replay that repeats the event
	Redriven int       `json:"redriven,omitempty"` // how often it was taken back from the dead letters
}

// letterHeader says how many bytes at the start of the message's data are the
// letter; the rest of the message is the event's stored form. (The letter does
// not go into a header: a receiver's answers could outgrow what JetStream takes.)
const letterHeader = "wye-letter"

// Bounds of what a letter tells of the attempts: the first and the newest of
// them. The bus leaves room for letterBytes beside the largest event.
const (
	attemptsKept = 100
	letterBytes  = 64 << 10
)

// deliveryID names a delivery: see [targets.Delivery]. One that a replay repeats
// is another delivery.
func deliveryID(seq uint64, rule, target, replay string) string {
	b := make([]byte, 0, 24+len(rule)+len(target)+len(replay))
	b = strconv.AppendUint(b, seq, 10)
	b = append(append(b, '/'), rule...)
	b = append(append(b, '/'), target...)
	if replay != "" {
		b = append(append(b, '~'), replay...)
	}
	return string(b)
}

// message is the letter with its event as a message of the bus.
func (l letter) message(id string, ev *cloudevent.Event) (bus.Message, error) {
	header, data := ev.EncodeStored()
	text, err := json.Marshal(l)
	for err == nil && len(text) > letterBytes && len(l.Attempts) > 2 {
		l.Attempts = append(l.Attempts[:1:1], l.Attempts[len(l.Attempts)/2+1:]...)
		text, err = json.Marshal(l)
	}
	if err != nil {
		return bus.Message{}, fmt.Errorf("write down the delivery %s: %w", id, err)
	}
	header[letterHeader] = []string{strconv.Itoa(len(text))}
	return bus.Message{ID: id, Header: header, Data: append(text, data...)}, nil
}

// readLetter is the letter and the event in a record.
func readLetter(r bus.Record) (letter, *cloudevent.Event, error) {
	var l letter
	text := r.Header[letterHeader]
	if len(text) != 1 {
		return l, nil, fmt.Errorf("entry %d tells of no delivery", r.Sequence)
	}
	n, err := strconv.Atoi(text[0])
	if err != nil || n < 0 || n > len(r.Data) {
		return l, nil, fmt.Errorf("entry %d: a delivery of %q bytes in %d bytes of data", r.Sequence, text[0], len(r.Data))
	}
	if err := json.Unmarshal(r.Data[:n], &l); err != nil {
		return l, nil, fmt.Errorf("entry %d: %w", r.Sequence, err)
	}
	ev, err := cloudevent.DecodeStored(r.Header, r.Data[n:])
	if err != nil {
		return l, nil, fmt.Errorf("entry %d: %w", r.Sequence, err)
	}
	return l, ev, nil
}

// job is one delivery on its way through a lane.
type job struct {
	lanes.Job
	delivery  targets.Delivery
	attempts  []Attempt
	redriven  int     // how often it was taken back from the dead letters
	dead      uint64  // number of its dead letter, once there is one
	unwritten bool    // its dead letter was refused by the store, and is counted as such
	flight    *flight // that it settles, where it came straight from the reader
}

// newJob is a delivery that was just decided on.
func newJob(d targets.Delivery, f *flight, now time.Time) *job {
	j := &job{delivery: d, flight: f}
	j.ID, j.First, j.Size, j.Load = d.ID, now, weight(d.Event), j
	return j
}

// weight is about what an event takes in memory.
func weight(ev *cloudevent.Event) int { return len(ev.Data) + 512 }

// letterOf is what a letter says of a delivery that was not tried yet.
func letterOf(d *targets.Delivery) letter {
	return letter{Sequence: d.Sequence, Rule: d.Rule, Target: d.Target, Version: d.Version, Replay: d.Replay}
}

func (j *job) letter(now time.Time) letter {
	text := letterOf(&j.delivery)
	text.First, text.Due, text.Expires, text.At = j.First, j.Due, j.Expires, now
	text.Tried, text.Attempts, text.Redriven = j.Tried, j.attempts, j.redriven
	return text
}

// note records an attempt that failed.
func (j *job) note(at time.Time, took time.Duration, err error) {
	a := Attempt{At: at.UTC(), Took: took, Error: err.Error()}
	if ans := targets.AnswerOf(err); ans != nil {
		a.Status, a.Excerpt = ans.Status, ans.Excerpt
	}
	if len(j.attempts) >= attemptsKept {
		j.attempts = append(j.attempts[:1:1], j.attempts[2:]...) // what others read stays as it is
	}
	j.attempts = append(j.attempts, a)
}

// jobOf is the job in a backlog entry. Its key is what the rules in force make of
// it, as that of an event that comes now.
func (l *lane) jobOf(rec bus.Record) (*job, error) {
	text, ev, err := readLetter(rec)
	if err != nil {
		return nil, err
	}
	j := newJob(targets.Delivery{
		ID: deliveryID(text.Sequence, text.Rule, text.Target, text.Replay), Event: ev, Sequence: text.Sequence,
		Rule: text.Rule, Target: text.Target, Version: text.Version, Replay: text.Replay,
	}, nil, text.First)
	j.attempts, j.redriven = text.Attempts, text.Redriven
	if j.redriven > 0 {
		j.ID = fmt.Sprintf("%s+%d", j.ID, j.redriven) // not what was lent before it died
	}
	j.Tried, j.Due, j.Written, j.Expires, j.Place = text.Tried, text.Due, text.At, text.Expires, rec.Sequence
	j.Key = l.r.set.Load().key(l.name, ev)
	return j, nil
}
