package lanes

import "time"

// What an [Effect] is.
type What uint8

const (
	// Store appends Job to the backlog; then Stored.
	Store What = iota
	// Lend appends a copy of Job, which is under way, to the backlog; then Lent.
	Lend
	// Bury appends Job to the dead letters, with Reason and Why, then records
	// Outcome; then Ended.
	Bury
	// Record records Outcome of Job; then Ended.
	Record
	// Finish records that Job, which came straight, was delivered, and lets go of
	// its event; nothing is to be told.
	Finish
	// Settle lets go of the event that Job came from.
	Settle
	// Done removes the entry at Place from the backlog; then Removed.
	Done
	// Later gives the entry at Place back to the bus, to be handed out again after
	// Wait or when it is asked for by its place. Where there is a Job, it is light
	// from now on.
	Later
	// Read reads the entry of Job at its place again; then Reread.
	Read
	// Pause pauses the target, because of Why, until a person resumes it.
	Pause
)

// Outcome is how a delivery ended.
type Outcome string

const (
	Delivered    Outcome = "delivered"
	DeadLettered Outcome = "dead_lettered"
	Expired      Outcome = "expired" // by give_up or expirytime; with a dead letter unless the target says otherwise
	Dropped      Outcome = "dropped" // an ordered target's policy is to skip what is not taken
)

// Reasons of dead letters.
const (
	ReasonPermanent = "permanent"  // the receiver will never take this event
	ReasonAttempts  = "attempts"   // the policy's attempts are spent
	ReasonExpired   = "expired"    // the policy's time is spent, or the event's own
	ReasonOrphaned  = "orphaned"   // the target is not in the rules any more
	ReasonRuleError = "rule_error" // the rule's condition failed, and the rule says so
	ReasonLoop      = "loop"       // the event came back through targets too often
)

// Effect is something that the caller is to do, in the order given.
type Effect struct {
	What    What
	Job     *Job
	Place   uint64
	Wait    time.Duration
	Reason  string
	Why     string
	Outcome Outcome
}

// Effects are those that came up since the last call. The slice is the
// caller's until the next call.
func (l *Lane) Effects() []Effect {
	all := l.effects
	l.effects, l.spare = l.spare[:0], all
	return all
}

// Only is the effect that there is, where there is just one, or nil.
func (l *Lane) Only() *Effect {
	if len(l.effects) != 1 {
		return nil
	}
	return &l.effects[0]
}

// Idle tells whether there are no effects.
func (l *Lane) Idle() bool { return len(l.effects) == 0 }

func (l *Lane) do(e Effect) { l.effects = append(l.effects, e) }
