package main

import (
	"context"
	"fmt"
	"time"

	"github.com/wye-events/wye/cmd/wye/sender"
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// matchWorker is what one worker uses again and again.
type matchWorker struct {
	m       *matching
	found   []rules.Match
	text    []byte     // answers that are not written yet
	sum     matchTally // of them
	flushed time.Time
	perRule map[*rules.CompiledRule]*ruleTally // while only counts are wanted
}

const (
	// flushSize bounds the answers that wait for their turn.
	flushSize = 1 << 20
	// flushEvery is when answers are written although the part is not done.
	flushEvery = 200 * time.Millisecond
)

func (w *matchWorker) part(ctx context.Context, p *inputPart) {
	w.flushed = time.Now()
	for i, line := range p.lines {
		if ctx.Err() != nil {
			break
		}
		w.line(p.first+i, line)
		w.flushRipe(p)
	}
	<-p.turn
	w.sum.Read = p.end - w.m.tally.Read
	w.flush()
	if ctx.Err() != nil && w.m.err == nil {
		w.m.err = errInterrupted // what follows would leave a gap
	}
	close(p.done)
}

// flushRipe writes early where much waits, or where somebody does: with many
// slow rules a part takes long.
func (w *matchWorker) flushRipe(p *inputPart) {
	if len(w.text) >= flushSize {
		<-p.turn
		w.flush()
		return
	}
	if w.sum.Lines%16 != 0 || time.Since(w.flushed) < flushEvery {
		return
	}
	select {
	case <-p.turn:
		w.flush()
	default:
	}
}

// flush is for the one whose turn it is.
func (w *matchWorker) flush() {
	total := &w.m.tally
	if w.m.err == nil && len(w.text) > 0 {
		if _, err := w.m.out.Write(w.text); err != nil {
			w.m.err = fmt.Errorf("the answers cannot be written: %w", err)
			w.m.stop(w.m.err)
		}
	}
	if w.m.err == nil {
		total.add(w.sum)
		if w.m.after != nil {
			w.m.after(*total)
		}
	}
	w.text, w.sum, w.flushed = w.text[:0], matchTally{}, time.Now()
}

var structuredHeader = map[string][]string{"Content-Type": {cloudevent.MediaTypeStructured}}

func (w *matchWorker) line(n int, line inputLine) {
	w.sum.Lines++
	if line.why == "" {
		evs, _, err := cloudevent.Parse(structuredHeader, line.text)
		if ev, ok := sender.InDeadLetter(line.text); err != nil && ok {
			evs, _, err = cloudevent.Parse(structuredHeader, ev)
		}
		if err == nil {
			w.event(n, evs[0])
			return
		}
		line.why = err.Error()
	}
	w.sum.Invalid++
	if w.m.out != nil {
		w.text = appendInvalidLine(w.text, n, line.why)
	}
}

func (w *matchWorker) event(n int, ev *cloudevent.Event) {
	w.found = w.m.matcher.MatchAt(ev, w.m.at, w.found[:0])
	w.count(w.found)
	if w.m.out == nil {
		w.countRules(w.found)
		return
	}
	sortByName(w.found)
	w.text = appendMatchLine(w.text, n, ev, w.found)
}
