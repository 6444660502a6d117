package load

import "time"

// afterRefusal keeps a receiver that refuses from being measured by how fast
// it can do that.
const afterRefusal = 10 * time.Millisecond

// closedLoop sends on one connection until the generator stops or the
// connection breaks.
func (g *Generator) closedLoop(c *connection) {
	for !g.stopping.Load() {
		due := time.Now()
		err := c.send(g.numbers.Add(1), due)
		if err == nil {
			err = c.receive()
		}
		g.answered(due, err)
		if !usable(err) {
			return
		}
		if err != nil {
			time.Sleep(afterRefusal)
		}
	}
}
