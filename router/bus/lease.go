package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// One Wye reads a set of streams: two would route every event twice. On remote
// servers the one that does says so every few seconds under this key; another
// does not start while it goes on doing that.
const (
	keyOwner   = subjectState + "owner"
	leaseRenew = 2 * time.Second
	leaseFor   = 6 * time.Second
	leaseLook  = 250 * time.Millisecond
)

// takeLease waits until nobody else renews the lease, at most leaseFor, and
// fails if somebody does.
func (b *Bus) takeLease(ctx context.Context) error {
	first, err := b.owner(ctx)
	if err != nil {
		return err
	}
	for waited := time.Duration(0); first != nil && len(first.Data) > 0 && waited < leaseFor; waited += leaseLook {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(leaseLook):
		}
		now, err := b.owner(ctx)
		if err != nil {
			return err
		}
		if now != nil && now.Sequence != first.Sequence && len(now.Data) > 0 {
			return fmt.Errorf("another Wye (%s) routes the events on the NATS servers at %s; stop it, or use other servers", now.Data, b.where())
		}
		first = now
	}
	host, _ := os.Hostname()
	b.lease = fmt.Sprintf("%s, process %d, %s", host, os.Getpid(), rand.Text()[:6])
	b.renewLease()
	b.stopped.Add(1)
	go b.keepLease()
	return nil
}

// owner is the last word about the lease, or nil.
func (b *Bus) owner(ctx context.Context) (*jetstream.RawStreamMsg, error) {
	m, err := b.state.js.GetLastMsgForSubject(ctx, keyOwner)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("see whether another Wye uses the streams: %w", err)
	}
	return m, nil
}

func (b *Bus) keepLease() {
	defer b.stopped.Done()
	tick := time.NewTicker(leaseRenew)
	defer tick.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-tick.C:
			b.renewLease()
		}
	}
}

func (b *Bus) renewLease() {
	if err := b.own.nc.PublishMsg(&nats.Msg{Subject: keyOwner, Data: []byte(b.lease)}); err != nil {
		b.cfg.Log.Warn("the lease on the streams could not be renewed", "error", err)
	}
}

// dropLease lets the next Wye start without waiting.
func (b *Bus) dropLease() {
	if b.lease != "" {
		_ = b.own.nc.PublishMsg(&nats.Msg{Subject: keyOwner})
	}
}
