package router

import "sync"

// counter counts what is under way. Unlike with a [sync.WaitGroup], something may
// begin while somebody waits.
type counter struct {
	mu   sync.Mutex
	n    int
	idle *sync.Cond
}

// begin counts one more.
func (t *counter) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
}

// end counts one less.
func (t *counter) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n--; t.n == 0 && t.idle != nil {
		t.idle.Broadcast()
	}
}

// wait returns when nothing is under way.
func (t *counter) wait() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.idle == nil {
		t.idle = sync.NewCond(&t.mu)
	}
	for t.n > 0 {
		t.idle.Wait()
	}
}
