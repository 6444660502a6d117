package examples_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// workOff and follow are shown in documents, word for word (documents_test.go).

func workOff(ctx context.Context, js jetstream.JetStream, bill func(jetstream.Msg) error) error {
	workers, err := js.Consumer(ctx, "WYE_QUEUE_billing", "workers")
	if err != nil {
		return err
	}
	work, err := workers.Consume(func(m jetstream.Msg) {
		if err := bill(m); err != nil { // m.Headers() are the attributes, m.Data() is the data
			m.NakWithDelay(10 * time.Second)
			return
		}
		m.Ack()
	})
	if err != nil {
		return err
	}
	defer work.Stop()
	<-ctx.Done()
	return nil
}

func follow(ctx context.Context, js jetstream.JetStream, show func(jetstream.Msg)) error {
	reader, err := js.OrderedConsumer(ctx, "WYE_STREAM_AUDIT_ORDERS", jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	reading, err := reader.Consume(show)
	if err != nil {
		return err
	}
	defer reading.Stop()
	<-ctx.Done()
	return nil
}

// queued gives the ids of the events that a worker of the queue gets.
func queued(t *testing.T, js jetstream.JetStream) <-chan string {
	ids := make(chan string)
	background(t, func(ctx context.Context) error {
		return workOff(ctx, js, func(m jetstream.Msg) error { return hand(ctx, ids, m) })
	})
	return ids
}

// kept gives the ids of the events in the stream.
func kept(t *testing.T, js jetstream.JetStream) <-chan string {
	ids := make(chan string)
	background(t, func(ctx context.Context) error {
		return follow(ctx, js, func(m jetstream.Msg) { _ = hand(ctx, ids, m) })
	})
	return ids
}

func hand(ctx context.Context, ids chan<- string, m jetstream.Msg) error {
	select {
	case ids <- m.Headers()["ce-id"][0]:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// background runs f until the test ends.
func background(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// collect waits until all of want have come.
func collect(t *testing.T, from string, want []string, ids <-chan string) {
	t.Helper()
	missing := map[string]bool{}
	for _, id := range want {
		missing[id] = true
	}
	late := time.After(patience)
	for len(missing) > 0 {
		select {
		case id := <-ids:
			if !missing[id] {
				t.Errorf("%s gave %q, which is not awaited (any more)", from, id)
			}
			delete(missing, id)
		case <-late:
			t.Fatalf("%s never gave %v", from, missing)
		}
	}
}
