package load

import "time"

// openLoop sends each event when it is due, on any connection that waits for
// nothing. Where all of them wait the event is late, and its latency shows it.
func (g *Generator) openLoop(rate float64) {
	idle := make(chan *exchange, len(g.connections))
	for _, c := range g.connections {
		x := &exchange{connection: c, due: make(chan sent, 1)}
		g.sending.Go(func() { g.receiveAll(x, idle) })
		idle <- x
	}
	interval := time.Duration(float64(time.Second) / rate)
	for due := time.Now(); !g.stopping.Load(); due = due.Add(interval) {
		Nap(time.Until(due))
		g.sendOn(<-idle, due)
	}
	for range g.connections {
		close((<-idle).due)
	}
}

// exchange is a connection in an open loop: one goroutine sends on it when it
// is idle, another waits for the answers.
type exchange struct {
	*connection
	due chan sent // the event that waits for its answer
}

type sent struct {
	number uint64
	due    time.Time
}

func (g *Generator) sendOn(x *exchange, due time.Time) {
	number := g.numbers.Add(1)
	if err := x.send(number, due); err != nil {
		x.Close() // the receiver counts it
	}
	x.due <- sent{number, due}
}

// receiveAll waits for the answers on one connection. A broken one stays in
// use, so that every event that is due on it counts as an error.
func (g *Generator) receiveAll(x *exchange, idle chan<- *exchange) {
	for s := range x.due {
		g.answered(s.number, s.due, x.receive())
		idle <- x
	}
}
