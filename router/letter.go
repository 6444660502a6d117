package router

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/wye-events/wye/router/bus"
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

	Key      string    `json:"key,omitempty"`      // by which an ordered target orders
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
	delivery  targets.Delivery
	attempts  []Attempt
	tried     int       // attempts made, also those no longer in attempts
	first     time.Time // when the delivery began; its age counts from here
	due       time.Time // not before
	since     time.Time // in the queue, or in the target's hands, since
	written   time.Time // when its letter was, where it came from the backlog
	dead      uint64    // number of its dead letter, once there is one
	redriven  int       // how often it was taken back from the dead letters
	unwritten bool      // its dead letter was refused by the store, and is counted as such

	// Where it came from and what is to be released when it ends: exactly one
	// of these is set.
	flight *flight    // straight from the reader
	entry  *bus.Entry // from the backlog
	loan   *loan      // straight, but stored in the backlog while under way
}

func (j *job) letter(now time.Time) letter {
	d := &j.delivery
	return letter{
		Sequence: d.Sequence, Rule: d.Rule, Target: d.Target, Version: d.Version,
		First: j.first, Due: j.due, At: now, Tried: j.tried, Attempts: j.attempts,
		Replay: d.Replay, Redriven: j.redriven,
	}
}

// note records an attempt that failed.
func (j *job) note(at time.Time, took time.Duration, err error) {
	a := Attempt{At: at.UTC(), Took: took, Error: err.Error()}
	if ans := targets.AnswerOf(err); ans != nil {
		a.Status, a.Excerpt = ans.Status, ans.Excerpt
	}
	if len(j.attempts) == attemptsKept {
		j.attempts = append(j.attempts[:1], j.attempts[2:]...)
	}
	j.attempts = append(j.attempts, a)
}

// jobOf is the job in a backlog entry.
func jobOf(e *bus.Entry) (*job, error) {
	l, ev, err := readLetter(e.Record)
	if err != nil {
		return nil, err
	}
	return &job{
		delivery: targets.Delivery{
			ID: deliveryID(l.Sequence, l.Rule, l.Target, l.Replay), Event: ev, Sequence: l.Sequence,
			Rule: l.Rule, Target: l.Target, Version: l.Version, Replay: l.Replay,
		},
		attempts: l.Attempts, tried: l.Tried, first: l.First, due: l.Due, written: l.At, redriven: l.Redriven, entry: e,
	}, nil
}
