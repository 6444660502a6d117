package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/wye-events/wye/cmd/wye/sender"
)

// progress is one line at the bottom of a terminal, written over and over. Where
// nobody looks there is none, only what is said between.
type progress struct {
	w     io.Writer
	live  bool
	drawn bool
	last  time.Time
}

const (
	redrawAfter = 100 * time.Millisecond
	clearLine   = "\r\x1b[K"
)

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, live: ok && isTerminal(f), last: time.Now()}
}

// show redraws the line, not too often.
func (p *progress) show(line func() string) {
	if !p.live || time.Since(p.last) < redrawAfter {
		return
	}
	fmt.Fprint(p.w, clearLine+line())
	p.last, p.drawn = time.Now(), true
}

// say writes a line that stays, above the one that does not.
func (p *progress) say(text string) {
	p.clear()
	fmt.Fprintln(p.w, text)
}

func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.w, clearLine)
		p.drawn = false
	}
}

// progressLine is how far sending is: "sent 3 events: 2 accepted, 1 duplicate,
// 0 refused; 12ms, 250/s".
func progressLine(t sender.Tally, took time.Duration) string {
	duplicates := "duplicates"
	if t.Duplicates == 1 {
		duplicates = "duplicate"
	}
	perSecond := int(float64(t.Sent()) / max(took.Seconds(), 1e-6))
	return fmt.Sprintf("sent %s: %s accepted, %s %s, %s refused; %s, %s/s", count(t.Sent(), "event"),
		grouped(t.Accepted), grouped(t.Duplicates), duplicates, grouped(t.Refused), briefly(took), grouped(perSecond))
}
