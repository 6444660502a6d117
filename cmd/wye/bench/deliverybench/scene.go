package deliverybench

import (
	"fmt"
	"strings"

	"github.com/wye-events/wye/cmd/wye/bench/wire"
)

// The kinds of target that are measured.
const (
	kindHTTP   = "http"
	kindQueue  = "queue"
	kindStream = "stream"
)

// defaultConcurrency is what a target has that says nothing.
const defaultConcurrency = 32

// scene is one way in which events are delivered.
type scene struct {
	kind        string
	concurrency int
	batch       int  // events of a request; 0 for one by one
	ordered     bool // by event.subject
	keys        int  // different subjects, at least 1
	targets     int
	matches     int // of every event; 0: it goes nowhere
}

// plain is one target that takes everything.
func plain(kind string, concurrency int) scene {
	return scene{kind: kind, concurrency: concurrency, keys: 1, targets: 1, matches: 1}
}

// about gives the events of a scene their types and subjects, in turns.
func (s scene) about(number uint64) (eventType, key int) {
	return int(number % uint64(s.targets)), int(number % uint64(s.keys))
}

// underWay is how many events are on their way at once under as much as goes:
// enough that a target has always work, and with one delivery at a time few
// enough that they wait less than what has a lane step aside. A batch is filled
// from what waits.
func (s scene) underWay() int {
	switch {
	case s.batch > 0:
		return mostUnderWay
	case s.concurrency == 1:
		return 64
	}
	return 512
}

const mostUnderWay = 4096

// ruleFile is the scene as Wye's rule file, with the receiver's URL. An event
// of the n-th type goes to as many targets as it is to have matches, from the
// n-th on.
func (s scene) ruleFile(url string) string {
	var b strings.Builder
	b.WriteString("version: 1\ntargets:\n")
	for i := range s.targets {
		fmt.Fprintf(&b, "  %s: {%s, concurrency: %d%s}\n", target(i), s.settings(i, url), s.concurrency, s.policy())
	}
	b.WriteString("rules:\n")
	if s.matches == 0 {
		fmt.Fprintf(&b, "  none: {on: com.example.other, to: %s}\n", target(0))
	}
	for i := range s.targets {
		for n := range s.matches {
			fmt.Fprintf(&b, "  r%d-%d: {on: %s, to: %s}\n", i, n, wire.Type(i), target((i+n)%s.targets))
		}
	}
	return b.String()
}

func target(i int) string { return fmt.Sprintf("t%d", i) }

func (s scene) settings(i int, url string) string {
	switch s.kind {
	case kindQueue:
		return fmt.Sprintf("queue: {name: %s}", target(i))
	case kindStream:
		return fmt.Sprintf("stream: {subject: %s}", keptSubject)
	}
	return fmt.Sprintf("http: {url: %q}", url)
}

func (s scene) policy() (text string) {
	if s.batch > 0 {
		text += fmt.Sprintf(", batch: {max_events: %d}", s.batch)
	}
	if s.ordered {
		text += ", order: {by: event.subject}"
	}
	return text
}

// The subjects on which a queue and a stream get their events.
const keptSubject = "bench.kept"

func (s scene) subject() string {
	switch s.kind {
	case kindQueue:
		return "wye.queue." + target(0)
	case kindStream:
		return keptSubject
	}
	return ""
}
