package router

import "github.com/wye-events/wye/rules"

// ledger holds of each event of an audit which deliveries there must be, and
// what became of each. It is made small: eight bytes an event and one a
// delivery.
type ledger struct {
	from   uint64
	events []ledgerEvent // by sequence, the first is from
	shapes []shape
	byName map[string]uint32
	name   []byte // of a shape, to look it up
	fates  []fate
	// letters are the numbers of the dead letters of those deliveries that have
	// one now, by the place of their fates.
	letters map[uint32]uint64
}

// ledgerEvent is one event: its shape, and where in fates its deliveries are.
type ledgerEvent struct{ shape, at uint32 }

// shape is the deliveries that an event leads to. Most events have one of few.
type shape struct{ deliveries []deliveryKey }

// The first shapes stand for events without deliveries.
const (
	shapeGone       uint32 = iota // not in the archive any more
	shapeUnmatched                // no rule matched
	shapeUnreadable               // stored, and damaged
	shapeUndecided                // not read by the router yet
	shapeUnknown                  // the rule set that decided is not to be had
	shapesSpecial
)

// fate is what became of a delivery.
type fate uint8

const (
	fateNone fate = iota // nothing is known
	fateDelivered
	fateDead
	fateExpired
	fateDropped
	fateWaiting
	fateRedriven // taken back from the dead letters, and not seen since
	fateRedriving
	fateUnderWay
	fateUnaccounted
	fates

	// Marks on one that has a dead letter: it was discarded; it is not there.
	fateDiscarded fate = 0x80
	fateNoLetter  fate = 0x40
)

// outcomeFates are the fates that outcomes are.
var outcomeFates = map[string]fate{
	string(outcomeDelivered): fateDelivered, string(outcomeDead): fateDead,
	string(outcomeExpired): fateExpired, string(outcomeDropped): fateDropped,
}

func newLedger(from, to uint64) *ledger {
	return &ledger{
		from: from, events: make([]ledgerEvent, to+1-from), shapes: make([]shape, shapesSpecial),
		byName: map[string]uint32{}, letters: map[uint32]uint64{},
	}
}

// enter notes what an event leads to.
func (l *ledger) enter(seq uint64, shape uint32) {
	l.events[seq-l.from] = ledgerEvent{shape: shape, at: uint32(len(l.fates))}
	for range l.shapes[shape].deliveries {
		l.fates = append(l.fates, fateNone)
	}
}

// shapeOf is the shape of an event that these rules match.
func (l *ledger) shapeOf(found []rules.Match) uint32 {
	l.name = l.name[:0]
	for i := range found {
		m := &found[i]
		if !delivers(m) {
			continue
		}
		l.name = append(append(l.name, m.Rule.Name...), 0)
		for _, target := range m.Rule.To {
			l.name = append(append(l.name, target...), 1)
		}
	}
	if len(l.name) == 0 {
		return shapeUnmatched
	}
	if n, ok := l.byName[string(l.name)]; ok {
		return n
	}
	n := uint32(len(l.shapes))
	l.shapes = append(l.shapes, shape{deliveriesOf(found)})
	l.byName[string(l.name)] = n
	return n
}

// deliveriesOf are the deliveries that there must be of an event that these
// rules match.
func deliveriesOf(found []rules.Match) (all []deliveryKey) {
	for i := range found {
		m := &found[i]
		if !delivers(m) {
			continue
		}
		for _, target := range m.Rule.To {
			all = append(all, deliveryKey{rule: m.Rule.Name, target: target})
		}
	}
	return all
}

// has tells whether an event is one of the ledger's.
func (l *ledger) has(seq uint64) bool { return seq >= l.from && seq-l.from < uint64(len(l.events)) }

// place is where the fate of a delivery is; ok is false where there must be no
// such delivery.
func (l *ledger) place(seq uint64, rule, target []byte) (at uint32, ok bool) {
	e := l.events[seq-l.from]
	for i := range l.shapes[e.shape].deliveries {
		if d := &l.shapes[e.shape].deliveries[i]; d.rule == string(rule) && d.target == string(target) {
			return e.at + uint32(i), true
		}
	}
	return 0, false
}

// ended notes an outcome: the newest stands.
func (l *ledger) ended(at uint32, outcome string, letter uint64) {
	switch outcome {
	case outcomeRedriven:
		l.fates[at] = fateRedriving
		if letter > 0 {
			l.letters[at] = letter
		}
		return
	case outcomeDiscarded:
		how := fateDead
		if l.fates[at]&^fateNoLetter == fateExpired {
			how = fateExpired
		}
		l.fates[at] = how | fateDiscarded
		delete(l.letters, at)
		return
	}
	f, ok := outcomeFates[outcome]
	if !ok {
		return
	}
	l.fates[at] = f
	if letter > 0 {
		l.letters[at] = letter
	} else {
		delete(l.letters, at)
	}
}
