package router

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// ErrBusy says that Wye has taken in far more than it has handed on, and that
// the publisher should come back later. Nothing was stored.
var ErrBusy = errors.New("too many accepted events wait to be routed; try again later")

const (
	// busyAt is how many events may wait to be read before more are refused.
	busyAt = 500_000
	// breather is the longest that one event waits while the router is behind:
	// longer than a lane that is stuck takes to step aside.
	breather = time.Second
)

// Receipt is the answer to an accepted event.
type Receipt struct {
	ID        string `json:"id"`
	Source    string `json:"source"`
	Sequence  uint64 `json:"sequence"`
	Duplicate bool   `json:"duplicate"`
	// Durability is "memory" where the answer does not promise that the event
	// is on disk (--sync relaxed), else empty.
	Durability string `json:"durability,omitempty"`
}

// Accept takes in events and returns when all of them are durable. An event
// whose source and id were accepted within the duplicate window is answered
// with the receipt of that one, and is not routed again.
//
// An error means that at least one is not known to be stored; sending all of
// them again is safe.
func (r *Router) Accept(ctx context.Context, evs ...*cloudevent.Event) ([]Receipt, error) {
	if err := r.breathe(ctx); err != nil {
		return nil, err
	}
	type answer struct {
		i       int
		receipt Receipt
		err     error
	}
	answers := make(chan answer, len(evs))
	for i, ev := range evs {
		r.accept(ev, func(rec Receipt, err error) { answers <- answer{i, rec, err} })
	}
	receipts := make([]Receipt, len(evs))
	for range evs {
		select {
		case a := <-answers:
			if a.err != nil {
				return nil, a.err
			}
			receipts[a.i] = a.receipt
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return receipts, nil
}

func (r *Router) accept(ev *cloudevent.Event, then func(Receipt, error)) {
	r.bus.AppendAsync(acceptedNow(ev), func(got bus.Receipt, err error) {
		if err != nil {
			r.acct.refused.WithLabelValues(refusedBy(err)).Inc()
			then(Receipt{}, err)
			return
		}
		if got.Duplicate {
			r.acct.duplicates.Inc()
		} else {
			r.acct.accepted.Inc()
		}
		rec := Receipt{ID: ev.ID, Source: ev.Source, Sequence: got.Sequence, Duplicate: got.Duplicate}
		if r.bus.Sync() == bus.SyncRelaxed && !r.bus.Remote() {
			rec.Durability = "memory"
		}
		then(rec, nil)
	})
}

// refusedBy is the reason, as metrics have it, for which the store did not take
// an event.
func refusedBy(err error) string {
	if full := (*bus.FullError)(nil); errors.As(err, &full) {
		return "disk"
	}
	return "store"
}

// messageID is what the bus tells duplicates by: the event's source and id,
// hashed because a publisher chooses them and their length.
func messageID(ev *cloudevent.Event) string {
	sum := sha256.Sum256([]byte(ev.Key()))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// breathe makes a publisher wait a moment while there is much to do, so that
// taking in does not outrun handing on, and refuses when far too much waits.
func (r *Router) breathe(ctx context.Context) error {
	if err := r.bus.Full(); err != nil {
		r.acct.refused.WithLabelValues("disk").Inc()
		return err
	}
	if r.unread() > busyAt {
		r.acct.refused.WithLabelValues("busy").Inc()
		return ErrBusy
	}
	relief := r.window.pressure()
	if relief == nil {
		return nil
	}
	timer := time.NewTimer(breather)
	defer timer.Stop()
	select {
	case <-relief:
	case <-timer.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// unread is how many durable events wait to be read.
func (r *Router) unread() uint64 {
	read := r.read.Load()
	return max(r.bus.Durable(), read) - read
}

// Refused counts an event that was refused before it reached the router.
func (r *Router) Refused(reason string) { r.acct.refused.WithLabelValues(reason).Inc() }

// FullDetail tells a publisher what a full disk means for its event. How full
// which disk is, is for those who run Wye.
func FullDetail(e *bus.FullError) string {
	if e.Unsure {
		return "The event was not confirmed, because the disk of this Wye is full; it may be stored all the same. Send it again later, with the same id. Whoever runs this Wye must make room on the disk, or give it a larger one with --data."
	}
	return "Nothing was stored, because the disk of this Wye is full. Send it again later. Whoever runs this Wye must make room on the disk, or give it a larger one with --data."
}

// natsAnswer is the answer to a request on wye.in. Its last two members make it
// an acknowledgement that JetStream clients understand.
type natsAnswer struct {
	Receipt
	Stream string `json:"stream"`
	Seq    uint64 `json:"seq"`
}

// natsProblem is the answer to a request on wye.in that was refused.
type natsProblem struct {
	Status    int    `json:"status"`
	Title     string `json:"title"`
	Detail    string `json:"detail"`
	Attribute string `json:"attribute,omitempty"` // the first attribute at fault
}

// natsOpen bounds the events from NATS that wait for the store.
const natsOpen = 4096

// listen takes in what is published on wye.in and wye.in.> (the CloudEvents
// NATS binding, binary and structured), in the order in which it comes.
func (r *Router) listen() (stop func(), err error) {
	var open sync.WaitGroup
	room := make(chan struct{}, natsOpen)
	unsubscribe, err := r.bus.Listen(func(in bus.Incoming) {
		evs, err := r.natsParse(in)
		if err == nil {
			err = r.breathe(r.deliverCtx)
		}
		if err != nil {
			r.natsRefuse(in, err)
			return
		}
		room <- struct{}{}
		open.Add(1)
		r.natsAccept(in, evs, func() {
			<-room
			open.Done()
		})
	})
	if err != nil {
		return nil, err
	}
	return func() { unsubscribe(); open.Wait() }, nil
}

func (r *Router) natsParse(in bus.Incoming) ([]*cloudevent.Event, error) {
	if limit := r.bus.MaxMessage(); len(in.Data) > limit {
		return nil, &cloudevent.Error{Kind: cloudevent.TooLarge, Index: -1,
			Reason: fmt.Sprintf("the message has %d bytes of data; at most %d are taken", len(in.Data), limit)}
	}
	evs, _, err := cloudevent.Parse(in.Header, in.Data)
	return evs, err
}

// natsAccept hands the events to the store and answers when all are durable.
func (r *Router) natsAccept(in bus.Incoming, evs []*cloudevent.Event, done func()) {
	var (
		mu      sync.Mutex
		left    = len(evs)
		answers = make([]natsAnswer, len(evs))
		failed  error
	)
	if left == 0 {
		reply(in, answers)
		done()
		return
	}
	for i, ev := range evs {
		r.accept(ev, func(rec Receipt, err error) {
			mu.Lock()
			defer mu.Unlock()
			answers[i] = natsAnswer{rec, "WYE_EVENTS", rec.Sequence}
			if err != nil {
				failed = err
			}
			if left--; left > 0 {
				return
			}
			switch {
			case failed != nil:
				r.natsRefuse(in, failed)
			case len(answers) == 1:
				reply(in, answers[0])
			default:
				reply(in, answers)
			}
			done()
		})
	}
}

func (r *Router) natsRefuse(in bus.Incoming, err error) {
	p := natsProblem{Status: 503, Title: "The event was not accepted", Detail: "It may be stored all the same; sending it again with the same id is safe."}
	if errors.Is(err, ErrBusy) {
		p.Detail = err.Error()
	}
	if full := (*bus.FullError)(nil); errors.As(err, &full) {
		p.Status, p.Title, p.Detail = 507, "The disk of this Wye is full", FullDetail(full)
	}
	if details := cloudevent.Details(err); len(details) > 0 {
		p.Status, p.Attribute = details[0].Kind.Status(), details[0].Attribute
		p.Detail = err.Error()
		r.Refused("invalid")
	}
	if in.Reply == nil {
		r.log.Warn("an event on wye.in was refused, and its publisher asked for no answer", "error", err)
	}
	reply(in, p)
}

func reply(in bus.Incoming, answer any) {
	if in.Reply == nil {
		return
	}
	body, err := json.Marshal(answer)
	if err != nil {
		body = fmt.Appendf(nil, `{"status":500,"title":%q}`, "The answer could not be written")
	}
	in.Reply(map[string][]string{"Content-Type": {"application/json"}}, body)
}
