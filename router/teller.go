package router

import "sync"

// teller calls functions one after the other, in the order in which they are
// given to it, and never on the goroutine of who gives them: what they wait for
// may be that one's own doing.
type teller struct {
	mu    sync.Mutex
	queue []func()
	busy  bool
	calls sync.WaitGroup
}

func (t *teller) tell(all []func()) {
	if len(all) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queue = append(t.queue, all...)
	if !t.busy {
		t.busy = true
		t.calls.Go(t.call)
	}
}

func (t *teller) call() {
	for {
		t.mu.Lock()
		all := t.queue
		t.queue = nil
		t.busy = len(all) > 0
		t.mu.Unlock()
		if len(all) == 0 {
			return
		}
		for _, f := range all {
			f()
		}
	}
}

// wait returns when all that was given is called, and nothing more is given.
func (t *teller) wait() { t.calls.Wait() }
