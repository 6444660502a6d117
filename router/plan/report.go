package plan

import "time"

// Report is what a plan found. It is data, and its JSON form is stable: members
// are added and never given another meaning.
//
// Counts of a sampled plan are scaled: divided by the fraction and rounded, so
// that they estimate what all events come to. Those of Traffic are not scaled.
type Report struct {
	// Differs tells whether anything does: what becomes of an event, or what is
	// set in a rule or a target (but for descriptions, and the order of what is
	// written).
	Differs bool `json:"differs"`
	// Partial says that the comparison was broken off: the counts are those of the
	// events up to there.
	Partial bool     `json:"partial"`
	Old     Side     `json:"old"`
	New     Side     `json:"new"`
	Traffic Traffic  `json:"traffic"`
	Events  Events   `json:"events"`
	Notes   []string `json:"notes,omitempty"`

	// Deliveries are the counts of all routes together: of pairs of an event and
	// a target that a rule brings together.
	Deliveries Counts `json:"deliveries"`

	// Rules are those with a difference, the largest first; with
	// [ReportOptions.All] all that some event concerned. UnchangedRules are those
	// that are left out.
	Rules          []Rule `json:"rules"`
	UnchangedRules int    `json:"unchanged_rules"`
	// Targets are those with a difference, the largest first; with All all of
	// them.
	Targets          []Target `json:"targets"`
	UnchangedTargets int      `json:"unchanged_targets"`
}

// Side is one of the two rule sets.
type Side struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"` // of Git, where the set is from there
	Rules   int    `json:"rules"`
	Targets int    `json:"targets"`
}

// Traffic is which events were looked at.
type Traffic struct {
	From string `json:"from"` // "archive" of a server, or "file"
	// Since and Until are the window that was asked for, in the archive.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// First and Last are the sequences in the archive, or the lines of the file,
	// of the first and the last event that was compared; FirstAt and LastAt when
	// these were accepted.
	First   uint64    `json:"first,omitempty"`
	Last    uint64    `json:"last,omitempty"`
	FirstAt time.Time `json:"first_at,omitzero"`
	LastAt  time.Time `json:"last_at,omitzero"`
	// Of is how many events the window has, 0 where that is not known; Looked how
	// many were looked at, Compared how many of these were in the sample and could
	// be read, Unreadable how many could not.
	Of         uint64  `json:"of,omitempty"`
	Looked     uint64  `json:"looked"`
	Compared   uint64  `json:"compared"`
	Unreadable uint64  `json:"unreadable"`
	Sample     float64 `json:"sample"` // 1: all events
	Scaled     bool    `json:"scaled"` // counts are divided by Sample
	// Seconds is what averages are taken over; 0 where it is not known when the
	// events came.
	Seconds float64 `json:"seconds"`
	// Took is how long the comparison took.
	Took float64 `json:"took_seconds"`
}

// Events are counts of events as a whole.
type Events struct {
	Compared uint64 `json:"compared"`
	// Differing are those of which anything differs, at any rule.
	Differing uint64 `json:"differing"`
	// An event is matched if a rule takes it, and be it for a dead letter.
	MatchedBefore  uint64    `json:"matched_before"`
	MatchedAfter   uint64    `json:"matched_after"`
	NewlyMatched   uint64    `json:"newly_matched"`
	NewlyUnmatched uint64    `json:"newly_unmatched"`
	Examples       []Example `json:"examples,omitempty"`
}

// Counts are counts of a rule (of events), of a route or of all routes (of
// deliveries).
//
//	before = still_matched + no_longer_matched
//	after  = still_matched + newly_matched
type Counts struct {
	Before          uint64 `json:"before"`
	After           uint64 `json:"after"`
	NewlyMatched    uint64 `json:"newly_matched"`
	NoLongerMatched uint64 `json:"no_longer_matched"`
	StillMatched    uint64 `json:"still_matched"`
	// PayloadChanged are those of StillMatched that the target gets otherwise.
	PayloadChanged uint64 `json:"payload_changed"`

	// On these the condition failed with a real error.
	NewlyInError    uint64 `json:"newly_in_error"`
	NoLongerInError uint64 `json:"no_longer_in_error"`
	StillInError    uint64 `json:"still_in_error"`

	// Dead letters by on_error: dead_letter.
	DeadBefore uint64 `json:"dead_letters_before"`
	DeadAfter  uint64 `json:"dead_letters_after"`

	// What rules with mode: shadow would deliver if they were live.
	ShadowBefore uint64 `json:"shadow_before"`
	ShadowAfter  uint64 `json:"shadow_after"`
}

// Differ tells whether anything differs between before and after.
func (c *Counts) Differ() bool { return c.Size() > 0 }

// Size is how much differs: the number of changes.
func (c *Counts) Size() uint64 {
	return c.NewlyMatched + c.NoLongerMatched + c.PayloadChanged + c.NewlyInError + c.NoLongerInError +
		apart(c.DeadBefore, c.DeadAfter) + apart(c.ShadowBefore, c.ShadowAfter)
}

func apart(a, b uint64) uint64 { return max(a, b) - min(a, b) }

// Rule is what differs at one rule.
type Rule struct {
	Name     string    `json:"name"`
	Was      string    `json:"was,omitempty"` // its name before, where it got another
	Change   Kind      `json:"change"`
	File     string    `json:"file"` // where it is in the new set, or was in the old one
	Line     int       `json:"line"`
	Settings []Setting `json:"settings,omitempty"`
	// OtherTargets counts the events that it still matches, while it leads to
	// other targets.
	OtherTargets uint64 `json:"other_targets"`
	Counts
	Routes   []Route   `json:"routes"`
	Examples []Example `json:"examples,omitempty"`
}

// Route is what differs between a rule and one of its targets.
type Route struct {
	Target string `json:"target"`
	Change Kind   `json:"change"` // added, removed or unchanged
	Counts
}

// Target is what differs at one target.
type Target struct {
	Name     string    `json:"name"`
	Kind     string    `json:"kind"` // http, queue or stream
	Change   Kind      `json:"change"`
	Settings []Setting `json:"settings,omitempty"`
	Counts
	Load Load `json:"load"`
}

// Load is how much a target would get.
type Load struct {
	// Averages over the seconds of the traffic; 0 where these are not known.
	BeforePerSecond float64 `json:"before_per_second"`
	AfterPerSecond  float64 `json:"after_per_second"`
	// The events of the busiest minute, likewise.
	BeforePeakMinute uint64 `json:"before_peak_minute"`
	AfterPeakMinute  uint64 `json:"after_peak_minute"`
	// Percent is the change of the average, absent where there was nothing before.
	Percent *float64 `json:"percent,omitempty"`
}

// Example is an event that shows a difference.
type Example struct {
	Difference Difference `json:"difference"`
	// Sequence is that of the archive, Line that of a file, where blank lines do not
	// count.
	Sequence uint64    `json:"sequence,omitempty"`
	Line     uint64    `json:"line,omitempty"`
	ID       string    `json:"id"`
	Source   string    `json:"source"`
	Type     string    `json:"type"`
	Time     time.Time `json:"time,omitzero"` // when it was accepted, or what it says
	Excerpt  string    `json:"excerpt,omitempty"`
	// Part is the part of the condition that decided that one side does not match,
	// or failed, and Why what was the matter with it.
	Part string `json:"part,omitempty"`
	Why  string `json:"why,omitempty"`
	// Open is a command that shows the event, where there is one.
	Open string `json:"open,omitempty"`
}
