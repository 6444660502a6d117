package targets

import (
	"context"
	"fmt"
	"strings"
)

// NewQueue makes a target that puts events into the work queue called name:
// each goes to one of the consumers that share the queue.
//
// The queue is created now if the bus can be reached, so that consumers find it
// before the first event, and otherwise at the first delivery: a bus that is
// away for a moment does not keep a rule set from being loaded. Only a bad name
// is an error here.
func NewQueue(ctx context.Context, streams Streams, name string) (Target, error) {
	if err := checkQueueName(name); err != nil {
		return nil, err
	}
	return newAppending(ctx, fmt.Sprintf("queue %q", name), func(ctx context.Context) (Append, error) {
		return streams.Queue(ctx, name)
	}), nil
}

// maxName is what is left for a queue's name in the name of its stream, which
// is a directory.
const maxName = 128

func checkQueueName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("a queue needs a name; write queue: {name: orders}")
	case len(name) > maxName:
		return fmt.Errorf("the queue's name has %d bytes; use at most %d", len(name), maxName)
	case strings.ContainsFunc(name, notInName):
		return fmt.Errorf("queue %q: use letters, digits, - and _ in its name", name)
	}
	return nil
}

func notInName(r rune) bool {
	letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !letter && r != '-' && r != '_'
}
