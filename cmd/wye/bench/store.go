package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wye-events/wye/router/bus"
)

// How the messages of a raw publish rate become durable.
const (
	storeRelaxed = "relaxed"      // the store's own default
	storeAlways  = "always"       // the store syncs every message
	groupCommit  = "group-commit" // Wye's bus
)

// appender stores one message and returns when it is as durable as was asked for.
type appender func(ctx context.Context, data []byte) error

func openStore(ctx context.Context, o options) (appender, func(), error) {
	if o.sync == groupCommit {
		return openBus(ctx, o.dir)
	}
	js, closeStore, err := embedded(o.dir, o.sync == storeAlways)
	if err != nil {
		return nil, nil, err
	}
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "RAW", Subjects: []string{"raw"}})
	return func(ctx context.Context, data []byte) error {
		_, err := js.Publish(ctx, "raw", data)
		return err
	}, closeStore, err
}

func openBus(ctx context.Context, dir string) (appender, func(), error) {
	b, err := bus.Open(ctx, bus.Config{Dir: dir, Sync: bus.SyncDurable, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, err
	}
	if b.Sync() != bus.SyncDurable {
		b.Close()
		return nil, nil, fmt.Errorf("group commit is not possible in %s", dir)
	}
	return func(ctx context.Context, data []byte) error {
		_, err := b.Append(ctx, bus.Message{Data: data})
		return err
	}, b.Close, nil
}

// embedded is a JetStream in this process, as a user would start it.
func embedded(dir string, syncAlways bool) (jetstream.JetStream, func(), error) {
	s, err := server.NewServer(&server.Options{
		JetStream: true, StoreDir: dir, SyncAlways: syncAlways, DontListen: true, NoSigs: true, NoLog: true,
	})
	if err != nil {
		return nil, nil, err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return nil, nil, errors.New("the embedded server did not start")
	}
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(nc)
	return js, func() {
		nc.Close()
		s.Shutdown()
		s.WaitForShutdown()
	}, err
}
