package load

import "time"

// afterRefusal keeps a receiver that refuses from being measured by how fast
// it can do that.
const afterRefusal = 10 * time.Millisecond

// closedLoop sends on one connection until the generator stops or the
// connection breaks.
func (g *Generator) closedLoop(c *connection) {
	for g.mayGo() {
		due, number := time.Now(), g.numbers.Add(1)
		err := c.send(number, due)
		if err == nil {
			err = c.receive()
		}
		g.answered(number, due, err)
		if !usable(err) {
			return
		}
		if err != nil {
			time.Sleep(afterRefusal)
		}
	}
}

// mayGo waits for a credit where they are asked for, and is false at the end.
func (g *Generator) mayGo() bool {
	if g.cfg.Credits == nil {
		return !g.stopping.Load()
	}
	select {
	case <-g.cfg.Credits:
		return !g.stopping.Load()
	case <-g.quit:
		return false
	}
}

// giveBack returns the credit of an event that was not taken.
func (g *Generator) giveBack() {
	select {
	case g.cfg.Credits <- struct{}{}:
	default: // nobody counts them, or all are there
	}
}
