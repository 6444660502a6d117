package router

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

// TestType is the type of the event that [Router.TestTarget] makes.
const TestType = "dev.wye.test"

// What the answer to a test would mean for an event.
const (
	MeansDelivered  = "delivered"
	MeansRetry      = "retry"
	MeansDeadLetter = "dead_letter"
	MeansPause      = "pause" // the receiver says that it is gone
)

// TestResult is what a target made of one event that was sent to try it.
type TestResult struct {
	Target     string        `json:"target"`
	Kind       string        `json:"kind"`
	EventID    string        `json:"event_id"`
	EventType  string        `json:"event_type"`
	DeliveryID string        `json:"delivery_id"`
	Means      string        `json:"means"` // [MeansDelivered] and so on
	Status     int           `json:"status,omitempty"`
	Error      string        `json:"error,omitempty"`
	Excerpt    string        `json:"excerpt,omitempty"`          // of the receiver's answer
	RetryAfter time.Duration `json:"retry_after_ns,omitempty"`   // as the receiver asks for
	Everyone   bool          `json:"holds_everything,omitempty"` // that pause is for the whole target
	At         time.Time     `json:"at"`
	Took       time.Duration `json:"took_ns"`
	Paused     *Pause        `json:"paused,omitempty"` // as the target is, which a test passes by
}

// testWithin bounds a test. A target's own timeout is usually shorter.
const testWithin = 25 * time.Second

// TestTarget sends one event to a target once, with the settings in force, past
// its queue, pause and breaker. It is in no account and nothing follows from it.
// Without an event it makes one.
func (r *Router) TestTarget(ctx context.Context, name string, ev *cloudevent.Event) (TestResult, error) {
	l, err := r.laneOf(name)
	if err != nil {
		return TestResult{}, err
	}
	h := l.borrow()
	if h == nil {
		return TestResult{}, &NoTargetError{name}
	}
	defer l.giveBack(h)
	nonce := rand.Text()
	if ev == nil {
		ev = testEvent(nonce, name)
	}
	d := targets.Delivery{
		ID: deliveryID(0, "test", name, nonce), Event: ev, Rule: "test", Target: name,
		Version: r.set.Load().version, Attempt: 1,
	}
	ctx, cancel := context.WithTimeoutCause(ctx, testWithin, fmt.Errorf("no answer within %s", testWithin))
	defer cancel()
	res := TestResult{
		Target: name, Kind: kindOf(h.spec), EventID: ev.ID, EventType: ev.Type, DeliveryID: d.ID,
		At: time.Now().UTC(), Paused: r.pauses.of(name),
	}
	err = deliverOne(ctx, h.target, d)
	res.Took = time.Since(res.At)
	res.note(err)
	return res, nil
}

// testEvent is an event that says what it is.
func testEvent(nonce, target string) *cloudevent.Event {
	data, _ := json.Marshal(map[string]string{ // strings always encode
		"message": "This is a test by `wye target test`. It is no real event; taking it is all there is to do.",
		"target":  target,
	})
	return &cloudevent.Event{
		ID: "test-" + nonce, Source: "/wye/target/test", Type: TestType, Time: time.Now().UTC().Format(time.RFC3339Nano),
		DataContentType: "application/json", Data: data,
	}
}

// note says what the error of a delivery means, by the contract of [targets.Target].
func (t *TestResult) note(err error) {
	t.Means = MeansDelivered
	if err == nil {
		return
	}
	t.Means, t.Error = MeansRetry, err.Error()
	var (
		permanent *targets.Permanent
		gone      *targets.Gone
		after     *targets.RetryAfter
	)
	switch {
	case errors.As(err, &gone):
		t.Means = MeansPause
	case errors.As(err, &permanent):
		t.Means = MeansDeadLetter
	case errors.As(err, &after):
		t.RetryAfter, t.Everyone = after.Wait, after.Everyone
	}
	if ans := targets.AnswerOf(err); ans != nil {
		t.Status, t.Excerpt = ans.Status, ans.Excerpt
	}
}

// borrow gives the target as it is set now, which stays open until it is given
// back; nil where there is none.
func (l *lane) borrow() *handle {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.handle == nil || l.core.Closed() {
		return nil
	}
	l.handle.users++
	return l.handle
}

func (l *lane) giveBack(h *handle) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.users--
	l.closeRetired(h)
}
