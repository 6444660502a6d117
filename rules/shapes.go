package rules

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types/ref"
)

// shape is what conditions that differ only in their constants have in common:
// one checked syntax tree.
type shape struct {
	// ast is the tree of the first condition of this shape, with its constants.
	ast *ast.AST
	// holes are the expressions of ast that are constants of the condition, by
	// their id: the index of each among the condition's constants. Every other
	// literal is the same in all conditions of the shape.
	holes map[int64]int
}

// maxShapes is how many shapes are remembered, and seenShapes of how many it is
// remembered that they were met once. A rule set has a few dozen as a rule; one
// in which every condition has its own shape must not keep all their trees.
const (
	maxShapes  = 1 << 10
	seenShapes = 1 << 14
)

// shapes remembers the shapes of conditions: one whose shape is known is
// neither parsed nor checked again. It is safe for use by many goroutines.
type shapes struct {
	mu    sync.RWMutex
	known map[string]*shape // by key

	// seen holds hashes of keys that were met once, each in its own place.
	seen [seenShapes]atomic.Uint64

	full atomic.Int64 // conditions that were parsed and checked
}

var (
	shapeSeed = maphash.MakeSeed()
	lifters   = sync.Pool{New: func() any { return new(lifter) }}
)

// of is the shape of a condition and its constants, in order of holes, or what
// is wrong with it.
func (s *shapes) of(text string) (sh *shape, consts []ref.Val, faults []fault) {
	if len(text) > maxConditionText {
		return nil, nil, checkBounds(text)
	}
	l := lifters.Get().(*lifter)
	defer lifters.Put(l)
	if !l.lift(text) {
		sh, faults = s.read(text)
		return sh, nil, faults
	}
	s.mu.RLock()
	sh = s.known[string(l.key)]
	s.mu.RUnlock()
	if sh == nil {
		if sh, faults = s.learn(l); faults != nil {
			return nil, nil, faults
		}
	}
	if sh.holes == nil {
		return sh, nil, nil
	}
	return sh, l.values(), nil
}

// read checks a condition in full, and makes its program once, which is thrown
// away: what fails then is to be found when the rules are loaded.
func (s *shapes) read(text string) (*shape, []fault) {
	s.full.Add(1)
	checked, faults := checkCondition(text)
	if faults != nil {
		return nil, faults
	}
	if _, faults := plan(checked); faults != nil {
		return nil, faults
	}
	return &shape{ast: checked.NativeRep()}, nil
}

// learn reads a condition whose shape is not known. The shape is remembered
// when it is met for the second time.
func (s *shapes) learn(l *lifter) (*shape, []fault) {
	sh, faults := s.read(l.text)
	if faults != nil {
		return nil, faults
	}
	if holes, ok := l.find(sh.ast); ok {
		sh.holes = holes
	} else {
		return sh, nil
	}
	hash := maphash.Bytes(shapeSeed, l.key) | 1
	if s.seen[hash%seenShapes].Swap(hash) != hash {
		return sh, nil
	}
	return s.remember(string(l.key), sh), nil
}

func (s *shapes) remember(key string, sh *shape) *shape {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.known[key]; first != nil {
		return first
	}
	if s.known == nil {
		s.known = map[string]*shape{}
	}
	for other := range s.known {
		if len(s.known) < maxShapes {
			break
		}
		delete(s.known, other)
	}
	s.known[key] = sh
	return sh
}

func (s *shapes) count() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.known)
}

// find finds the holes in the tree of the same text. It reports false where one
// is not exactly one literal there, with the value that was lifted: then the
// condition was not understood, and stands for itself alone.
func (l *lifter) find(a *ast.AST) (map[int64]int, bool) {
	at := map[int32]int{}
	chars, from := 0, 0
	for i, h := range l.holes {
		chars += utf8.RuneCountInString(l.text[from:h.at])
		from = h.at
		at[int32(chars)] = i
	}
	holes, ok := map[int64]int{}, true
	ast.PreOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.LiteralKind {
			return
		}
		r, placed := a.SourceInfo().GetOffsetRange(e.ID())
		i, lifted := at[r.Start]
		if !placed || !lifted {
			return
		}
		if _, twice := holes[e.ID()]; twice || e.AsLiteral() != l.holes[i].value {
			ok = false
		}
		holes[e.ID()] = i
	}))
	return holes, ok && len(holes) == len(l.holes)
}
