package targets_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
	"github.com/wye-events/wye/targets/targettest"
)

func TestQueue(t *testing.T) {
	targettest.Run(t, busKind(func(t testing.TB, s targets.Streams) targets.Target {
		made, err := targets.NewQueue(t.Context(), s, "billing")
		if err != nil {
			t.Fatal(err)
		}
		return made
	}))
}

func TestStream(t *testing.T) {
	targettest.Run(t, busKind(func(t testing.TB, s targets.Streams) targets.Target {
		made, err := targets.NewStream(t.Context(), s, "audit.orders")
		if err != nil {
			t.Fatal(err)
		}
		return made
	}))
}

func busKind(to func(testing.TB, targets.Streams) targets.Target) targettest.Kind {
	return targettest.Kind{
		Well: func(t testing.TB) (targets.Target, targettest.Next) {
			b := startBus(t)
			made := to(t, b.streams())
			return made, b.consume(t)
		},
		Refuses: func(t testing.TB) targets.Target {
			b := startBus(t)
			b.largest = 16
			return to(t, b.streams())
		},
		Fails: func(t testing.TB) targets.Target {
			b := startBus(t)
			made := to(t, b.streams())
			b.remove(t)
			return made
		},
		Hangs: func(t testing.TB, _ time.Duration) (targets.Target, <-chan struct{}) {
			b := startBus(t)
			made := to(t, b.streams())
			b.remove(t)
			return made, b.swallow(t)
		},
		Unreachable: func(t testing.TB) targets.Target {
			b := startBus(t)
			b.nc.Close()
			return to(t, b.streams())
		},
		StoresOnce: true,
	}
}

// TestStreamComesBack removes a stream under a target: the delivery that finds
// out fails, and the next makes the stream anew.
func TestStreamComesBack(t *testing.T) {
	b := startBus(t)
	made, err := targets.NewQueue(t.Context(), b.streams(), "billing")
	if err != nil {
		t.Fatal(err)
	}
	b.remove(t)
	if err := deliver(t, made); err == nil {
		t.Fatal("delivered to a stream that is not there")
	}
	if err := deliver(t, made); err != nil {
		t.Fatalf("the stream did not come back: %v", err)
	}
}

// TestBusComesLater builds a target before its bus can be reached.
func TestBusComesLater(t *testing.T) {
	b := startBus(t)
	away := true
	streams := targets.Streams{Queue: func(ctx context.Context, name string) (targets.Append, error) {
		if away {
			return nil, errors.New("nats: no servers available for connection")
		}
		return b.streams().Queue(ctx, name)
	}}
	made, err := targets.NewQueue(t.Context(), streams, "billing")
	if err != nil {
		t.Fatalf("a bus that is away stops the target from being built: %v", err)
	}
	wantText(t, deliver(t, made), `queue "billing": the bus did not store it: no servers available for connection`)
	away = false
	if err := deliver(t, made); err != nil {
		t.Fatalf("the bus is there now: %v", err)
	}
}

// TestEnsureInTurn lets one delivery at a time make the stream, and those that
// wait for it stop with their contexts.
func TestEnsureInTurn(t *testing.T) {
	asked, end := make(chan struct{}, 9), make(chan struct{})
	first := true
	streams := targets.Streams{Stream: func(ctx context.Context, _ string) (targets.Append, error) {
		if first {
			first = false
			return nil, errors.New("not yet")
		}
		asked <- struct{}{}
		<-end
		return nil, errors.New("never")
	}}
	made, err := targets.NewStream(t.Context(), streams, "audit")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- made.Deliver(t.Context(), sample()) }()
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := made.Deliver(ctx, sample()); !errors.Is(err, context.Canceled) {
		t.Errorf("did not stop: %v", err)
	}
	close(end)
	wantText(t, <-done, "never")
}

func TestNames(t *testing.T) {
	streams := targets.Streams{
		Queue:  func(context.Context, string) (targets.Append, error) { return nil, nil },
		Stream: func(context.Context, string) (targets.Append, error) { return nil, nil },
	}
	for _, name := range []string{"", "a b", "a.b", "a*", "../a", "ä", "a\r\n", string(make([]byte, 200))} {
		if _, err := targets.NewQueue(t.Context(), streams, name); err == nil {
			t.Errorf("queue %q is allowed", name)
		}
	}
	for _, subject := range []string{"", "a..b", ".a", "a.", "a.*", "a.>", "a b", "$JS.API", "_INBOX.x", "wye.in", "WYE.events", "a\r\nb"} {
		if _, err := targets.NewStream(t.Context(), streams, subject); err == nil {
			t.Errorf("subject %q is allowed", subject)
		}
	}
	for _, subject := range []string{"audit", "audit.orders", "a-b.c_d.9"} {
		if _, err := targets.NewStream(t.Context(), streams, subject); err != nil {
			t.Errorf("subject %q: %v", subject, err)
		}
	}
}

// testBus is a JetStream server in this process and a small Streams over it:
// one stream, whatever the names.
type testBus struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	largest int32 // bytes of a message
}

const subject = "events.here"

func startBus(t testing.TB) *testBus {
	s, err := server.NewServer(&server.Options{
		DontListen: true, JetStream: true, StoreDir: t.TempDir(), MaxPayload: 8 << 20, NoSigs: true, NoLog: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return &testBus{nc: nc, js: js, largest: -1}
}

func (b *testBus) streams() targets.Streams {
	return targets.Streams{
		Queue: func(ctx context.Context, _ string) (targets.Append, error) {
			return b.make(ctx, jetstream.WorkQueuePolicy)
		},
		Stream: func(ctx context.Context, _ string) (targets.Append, error) {
			return b.make(ctx, jetstream.LimitsPolicy)
		},
	}
}

func (b *testBus) make(ctx context.Context, keep jetstream.RetentionPolicy) (targets.Append, error) {
	_, err := b.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: "HERE", Subjects: []string{subject}, Retention: keep, MaxMsgSize: b.largest,
	})
	return b.append, err
}

func (b *testBus) append(ctx context.Context, id string, header map[string][]string, data []byte) error {
	_, err := b.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Header: header, Data: data}, jetstream.WithMsgID(id), jetstream.WithRetryAttempts(0))
	var refused *jetstream.APIError
	if errors.As(err, &refused) && refused.ErrorCode == 10054 {
		return &targets.Permanent{Err: fmt.Errorf("the message is too large: %w", err)}
	}
	return err
}

func (b *testBus) remove(t testing.TB) {
	if err := b.js.DeleteStream(t.Context(), "HERE"); err != nil {
		t.Fatal(err)
	}
}

// swallow takes messages instead of a stream, and never answers.
func (b *testBus) swallow(t testing.TB) <-chan struct{} {
	held := make(chan struct{}, 64)
	if _, err := b.nc.Subscribe(subject, func(*nats.Msg) { held <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	if err := b.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return held
}

func (b *testBus) consume(t testing.TB) targettest.Next {
	c, err := b.js.CreateOrUpdateConsumer(t.Context(), "HERE", jetstream.ConsumerConfig{AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) (targettest.Arrival, error) {
		m, err := c.Next(jetstream.FetchContext(ctx))
		if err != nil {
			return targettest.Arrival{}, err
		}
		events, _, err := cloudevent.Parse(m.Headers(), m.Data())
		if err != nil {
			return targettest.Arrival{}, err
		}
		h := m.Headers()
		if id := h.Get(nats.MsgIdHdr); id != h.Get("wye-delivery-id") {
			return targettest.Arrival{}, fmt.Errorf("the message's id is %q, that of the delivery %q", id, h.Get("wye-delivery-id"))
		}
		return targettest.Arrival{DeliveryID: h.Get("wye-delivery-id"), Replay: h.Get("wye-replay"), Rules: h.Get("wye-rules"), Event: events[0]}, m.Ack()
	}
}
