package deliverybench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/wye-events/wye/cmd/wye/bench/measure"
	"github.com/wye-events/wye/cmd/wye/bench/process"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/targets"
)

// roleDirect is the one part that runs as a process of its own: a target that is
// called without a Wye around it.
const roleDirect = "direct"

// What the role is told. Each is answered with a tally, in which an event is
// done when the target has taken it.
const (
	sayTally = "tally"
	sayGo    = "go"   // deliver; "go 1000" at a rate, "go 0" as many as go
	sayStop  = "stop" // and wait for what is under way
)

// collectAt is how Wye sets the garbage collector: the floor is to have it too.
const collectAt = 300

// options are the flags of the role.
type options struct {
	scene
	url, dir string
	listen   string // address of the NATS server that a bus has
	size     int
}

func (o *options) parse(args []string) error {
	flags := flag.NewFlagSet(roleDirect, flag.ContinueOnError)
	flags.StringVar(&o.kind, "kind", kindHTTP, "kind of target")
	flags.IntVar(&o.concurrency, "concurrency", 1, "deliveries at once")
	flags.IntVar(&o.batch, "batch", 0, "events of a request; 0 for one by one")
	flags.StringVar(&o.url, "url", "", "the receiver's URL")
	flags.StringVar(&o.dir, "dir", "", "directory for a store")
	flags.StringVar(&o.listen, "listen", "", "address for a NATS server")
	flags.IntVar(&o.size, "size", 512, "bytes of data of an event")
	return flags.Parse(args)
}

// Role runs the part of the benchmark that has a process of its own: it says
// when it is ready, answers every command line with a tally, and ends with its
// input.
func Role(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 || args[0] != roleDirect {
		return fmt.Errorf("unknown role; there is only %s", roleDirect)
	}
	var o options
	if err := o.parse(args[1:]); err != nil {
		return err
	}
	debug.SetGCPercent(collectAt)
	target, closeStore, err := o.target(ctx)
	if err != nil {
		return err
	}
	defer closeStore()
	defer target.Close()
	// The thread that paces holds a processor of the scheduler while it naps.
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	d, err := newDirect(ctx, target, o)
	if err != nil {
		return err
	}
	defer d.stop()
	return process.Converse(in, out, o.listen, d.command)
}

// command does what the role is told.
func (d *direct) command(line string) measure.Tally {
	word, rate, _ := strings.Cut(line, " ")
	switch word {
	case sayGo:
		perSecond, err := strconv.ParseFloat(rate, 64)
		if err != nil {
			d.meter.Failed(fmt.Errorf("unknown rate %q", rate))
			break
		}
		d.start(perSecond)
	case sayStop:
		d.stop()
	}
	return d.meter.Tally()
}

// target is what is called, and what to close after it.
func (o options) target(ctx context.Context) (targets.Target, func(), error) {
	if o.kind == kindHTTP {
		t, err := targets.NewHTTP(targets.HTTPConfig{URL: o.url, Concurrency: o.concurrency, Batch: o.batch > 0})
		return t, func() {}, err
	}
	b, err := bus.Open(ctx, bus.Config{Dir: o.dir, Listen: o.listen, Sync: bus.SyncDurable, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, err
	}
	if b.Sync() != bus.SyncDurable {
		b.Close()
		return nil, nil, fmt.Errorf("group commit is not possible in %s", o.dir)
	}
	t, err := o.onBus(ctx, b)
	if err != nil {
		b.Close()
	}
	return t, b.Close, err
}

func (o options) onBus(ctx context.Context, b *bus.Bus) (targets.Target, error) {
	streams := targets.Streams{
		Queue: func(ctx context.Context, name string) (targets.Append, error) {
			a, err := b.Queue(ctx, name)
			return targets.Append(a), err
		},
		Stream: func(ctx context.Context, subject string) (targets.Append, error) {
			a, err := b.Kept(ctx, subject)
			return targets.Append(a), err
		},
	}
	switch o.kind {
	case kindQueue:
		return targets.NewQueue(ctx, streams, target(0))
	case kindStream:
		return targets.NewStream(ctx, streams, keptSubject)
	}
	return nil, errors.New("unknown kind " + o.kind)
}
