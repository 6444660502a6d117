package bench

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/wye-events/wye/cmd/wye/bench/measure"
	"github.com/wye-events/wye/cmd/wye/bench/process"
)

// roles are the parts that run as processes of their own, so that the
// operating system tells how much of the processors each one takes.
var roles = map[string]func(context.Context, options) (*part, error){
	"load":    startLoad,
	"sink":    startSink,
	"accept":  startAccept,
	"null":    startNull,
	"loop":    startLoop,
	"publish": startPublish,
}

// part is a role at work.
type part struct {
	addr  string // that it listens on, if it does
	tally func() measure.Tally
	stop  func() // start nothing new, finish what is under way; may be nil
}

// options are the flags of all roles; each reads those that it needs.
type options struct {
	addr, sink, dir, sync, eventType, profile string
	connections, size                         int
	rate                                      float64
}

func (o *options) parse(name string, args []string) error {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.StringVar(&o.addr, "addr", "", "where the load goes")
	flags.StringVar(&o.sink, "sink", "", "URL of the sink")
	flags.StringVar(&o.dir, "dir", "", "directory for a store")
	flags.StringVar(&o.sync, "sync", "", "durability of a store")
	flags.StringVar(&o.eventType, "type", matchingType, "type of the events")
	flags.StringVar(&o.profile, "profile", "", "file for a CPU profile")
	flags.IntVar(&o.connections, "connections", 256, "connections, or publishers")
	flags.IntVar(&o.size, "size", 512, "bytes of data of an event")
	flags.Float64Var(&o.rate, "rate", 0, "events a second in an open loop")
	return flags.Parse(args)
}

// The commands that a role takes, one a line, each answered by a tally.
const (
	sayTally = "tally"
	sayStop  = "stop"
)

// Role runs one of the parts of a benchmark in this process: it writes a line
// when it is ready, answers every command line with a tally, and ends with its
// input, so that no part outlives a benchmark that was killed.
func Role(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 || roles[args[0]] == nil {
		return fmt.Errorf("unknown role; one of %s", strings.Join(slices.Sorted(maps.Keys(roles)), ", "))
	}
	var o options
	if err := o.parse(args[0], args[1:]); err != nil {
		return err
	}
	stopProfile, err := startProfile(o.profile)
	if err != nil {
		return err
	}
	defer stopProfile()
	p, err := roles[args[0]](ctx, o)
	if err != nil {
		return err
	}
	return process.Converse(in, out, p.addr, func(command string) measure.Tally {
		if command == sayStop && p.stop != nil {
			p.stop()
		}
		return p.tally()
	})
}
