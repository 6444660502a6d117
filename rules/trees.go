package rules

import (
	"sync"

	"github.com/wye-events/wye/rules/index"
)

// maxTrees is how many rules are kept as trees.
const maxTrees = 8192

// trees keeps rules as the trees that an index was built from. An index has them
// in compiled form only, and asks for the tree of a rule that may fail on an
// event. That is rare; but where it happens, it happens with many events and the
// same rules.
type trees struct {
	mu   sync.RWMutex
	byID map[uint32]*index.Rule
}

// get is the tree of a rule, made if it is not known.
func (t *trees) get(id uint32, tree func() *index.Rule) *index.Rule {
	t.mu.RLock()
	r := t.byID[id]
	t.mu.RUnlock()
	if r != nil {
		return r
	}
	r = tree()
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.byID) >= maxTrees || t.byID == nil {
		t.byID = map[uint32]*index.Rule{} // they are soon made again
	}
	t.byID[id] = r
	return r
}
