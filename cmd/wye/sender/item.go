package sender

import (
	"context"
	"crypto/rand"
	"fmt"
	"iter"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Item is an event to be sent, and where it comes from.
type Item struct {
	Event *cloudevent.Event
	Place string // such as "orders.json:12"
}

// Source is events to be sent, one after the other. An error ends it.
type Source = iter.Seq2[Item, error]

// Of is a source of items that are there.
func Of(items []Item) Source {
	return func(yield func(Item, error) bool) {
		for _, it := range items {
			if !yield(it, nil) {
				return
			}
		}
	}
}

// Repeat gives n events in all: the items in turn, again and again. From the
// second round on ids have the round as a suffix ("A-1-2"), so that they are
// other events and are the same ones if this is done again.
func Repeat(items []Item, n int) Source {
	return func(yield func(Item, error) bool) {
		for i := 0; i < n && len(items) > 0; i++ {
			it := items[i%len(items)]
			if round := i/len(items) + 1; round > 1 {
				it = it.withID(fmt.Sprintf("%s-%d", it.Event.ID, round))
			}
			if !yield(it, nil) {
				return
			}
		}
	}
}

// WithNewIDs gives every event an id that no other has.
func WithNewIDs(from Source) Source {
	return func(yield func(Item, error) bool) {
		for it, err := range from {
			if err == nil {
				it = it.withID(NewID())
			}
			if !yield(it, err) {
				return
			}
		}
	}
}

// NewID is an id that no other event has.
func NewID() string { return rand.Text() }

// withID is the item with another id. Events are never changed; this is a copy.
func (it Item) withID(id string) Item {
	ev := *it.Event
	ev.ID = id
	it.Event = &ev
	return it
}

// Interruptible is a source that ends with ctx, also while the next event is
// waited for: a read of standard input cannot be broken off. What waits there
// is left behind.
func Interruptible(ctx context.Context, from Source) Source {
	type next struct {
		item Item
		err  error
	}
	return func(yield func(Item, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		items := make(chan next)
		go func() {
			defer close(items)
			for it, err := range from {
				select {
				case items <- next{it, err}:
				case <-ctx.Done():
					return
				}
			}
		}()
		for {
			select {
			case n, ok := <-items:
				if !ok || !yield(n.item, n.err) {
					return
				}
			case <-ctx.Done():
				yield(Item{}, context.Cause(ctx))
				return
			}
		}
	}
}
