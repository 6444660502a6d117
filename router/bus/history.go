package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Looking back: single events of the archive, and walks through a stream from
// a moment on. Nothing here is on the path of an event.

// IDHeader is the header of a record that has its message's ID.
const IDHeader = nats.MsgIdHdr

// Archive is what WYE_EVENTS holds: the sequences of the oldest and of the
// newest durable event, and when the oldest was stored. First is Last+1 where
// it is empty.
type Archive struct {
	First, Last uint64
	FirstAt     time.Time
}

// Archive tells what the archive holds now.
func (b *Bus) Archive(ctx context.Context) (Archive, error) {
	durable := b.Durable() // before the look, so that it is never beyond it
	info, err := b.events.js.Info(ctx)
	if err != nil {
		return Archive{}, fmt.Errorf("read the state of the archive: %w", err)
	}
	st := info.State
	a := Archive{First: max(st.FirstSeq, 1), Last: min(durable, st.LastSeq), FirstAt: st.FirstTime}
	if st.Msgs == 0 || a.First > a.Last {
		a.First = a.Last + 1
	}
	return a, nil
}

// Event is the event at one place of the archive; ok is false where none is.
func (b *Bus) Event(ctx context.Context, seq uint64) (rec Record, ok bool, err error) {
	m, err := b.events.js.GetMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return rec, false, nil
	}
	if err != nil {
		return rec, false, readError(streamEvents, err)
	}
	return Record{Sequence: m.Sequence, Subject: m.Subject, Time: m.Time, Header: m.Header, Data: m.Data}, true, nil
}

// EventSince is the sequence of the first event that was stored at a moment or
// later; 0 where there is none.
func (b *Bus) EventSince(ctx context.Context, at time.Time) (uint64, error) {
	at = at.UTC()
	got, err := b.scan(ctx, streamEvents, scanRequest{Since: &at, Batch: 1}, nil)
	if err != nil || len(got) == 0 {
		return 0, err
	}
	return got[0].Sequence, nil
}

// WalkEvents shows visit the events of the archive from one sequence up to and
// with another, in order, until it gives an error. Those that are not there, or
// cannot be read, are left out.
func (b *Bus) WalkEvents(ctx context.Context, from, to uint64, visit func(Record) error) error {
	for next := max(from, 1); next <= to; {
		got, err := b.scan(ctx, streamEvents, scanRequest{From: next, Batch: int(min(to+1-next, walkMost))}, nil)
		if err != nil {
			return err
		}
		if len(got) == 0 {
			return nil
		}
		for _, rec := range got {
			if rec.Sequence > to {
				return nil
			}
			if err := visit(rec); err != nil {
				return err
			}
		}
		next = got[len(got)-1].Sequence + 1
	}
	return nil
}

// DeadKept gives a function that tells which dead letters there are now.
func (b *Bus) DeadKept(ctx context.Context) (func(number uint64) bool, error) {
	info, err := b.dead.js.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return nil, fmt.Errorf("read the state of the stream %s: %w", streamDead, err)
	}
	st := info.State
	deleted := make(map[uint64]bool, len(st.Deleted))
	for _, n := range st.Deleted {
		deleted[n] = true
	}
	return func(n uint64) bool { return n >= st.FirstSeq && n <= st.LastSeq && !deleted[n] }, nil
}

// Walk says how far a walk through a stream came.
type Walk struct {
	Until time.Time // when the last message that was looked at was stored; zero where none was
	Next  uint64    // where to go on to see what came after; 0 where there was none
	End   bool      // the walk saw all there is, or was told to stop
}

// startAt is where a walk begins: at a place of the stream, or if that is 0 at a
// moment.
type startAt struct {
	place uint64
	since time.Time
}

const (
	walkFirst = 4 // messages of the first look; most walks end in it
	walkMost  = 1024
)

// walk shows visit the messages of a stream from a place on, in order, until
// visit says no, the stream ends or ctx does. A walk that ctx cut short is no
// error: it did not come to the end.
func (b *Bus) walk(ctx context.Context, stream, subject string, start startAt, visit func(Record) bool) (w Walk, err error) {
	req := scanRequest{From: start.place, Batch: walkFirst, Subject: subject}
	if w.Next = start.place; start.place == 0 {
		since := start.since.UTC()
		req.Since = &since
	}
	for {
		got, err := b.scan(ctx, stream, req, nil)
		for _, rec := range got {
			w.Until, w.Next = rec.Time, rec.Sequence+1
			if !visit(rec) {
				w.End = true
				return w, nil
			}
		}
		if ctx.Err() != nil {
			return w, nil
		}
		if err != nil {
			return w, err
		}
		if len(got) == 0 {
			w.End = true
			return w, nil
		}
		req.Since, req.From = nil, got[len(got)-1].Sequence+1
		req.Batch = min(req.Batch*4, walkMost)
	}
}

// WalkBacklog walks through what waits for a target and was stored at since or
// later.
func (b *Bus) WalkBacklog(ctx context.Context, target string, since time.Time, visit func(Record) bool) (Walk, error) {
	return b.walk(ctx, streamBacklog, subjectBacklog+target, startAt{since: since}, visit)
}

// WalkDead walks through a target's dead letters that were stored at since or
// later.
func (b *Bus) WalkDead(ctx context.Context, target string, since time.Time, visit func(Record) bool) (Walk, error) {
	return b.walk(ctx, streamDead, subjectDead+target, startAt{since: since}, visit)
}
