package rules

import "time"

// Ruleset is what a rule file or a directory of them says, as data. Targets
// and rules are in ascending order of name. Parsed, checked for shape, but not
// compiled: its conditions are text.
type Ruleset struct {
	// Version is 12 hex digits of a SHA-256 over the names of the files and the
	// hashes of their contents, see [Version].
	Version string
	Files   []string
	Targets []Target
	Rules   []*Rule
}

// Target is one entry under `targets`. Exactly one of the kinds is set.
type Target struct {
	Name string

	HTTP   *HTTP
	Queue  *Queue
	Stream *Stream

	Retry       Retry
	Concurrency int // deliveries at once; 1 to 1,024; default 32
}

// HTTP is a receiver of CloudEvents over HTTP.
type HTTP struct {
	URL     string
	Headers map[string]string // values may hold ${env:NAME} and ${file:/path}
	Timeout time.Duration     // of one attempt, body included; default 15s
	Format  string            // "binary" (default) or "structured"
}

// Queue is a JetStream work queue that consumers share.
type Queue struct{ Name string }

// Stream is a JetStream stream that keeps what it gets.
type Stream struct{ Subject string }

// Retry is when to try again, and when to stop. The wait before attempt n+1 is
// drawn evenly from 0 to min(Max, First·2ⁿ⁻¹) (full jitter).
type Retry struct {
	Attempts int           // in all; default 20
	First    time.Duration // default 1s
	Max      time.Duration // default 5m
	GiveUp   time.Duration // after this age of the delivery; default 24h
}

// Rule is one entry under `rules`.
type Rule struct {
	Name        string
	Description string
	On          []string // event types; `*` stands for one token, a trailing `**` for the rest
	When        string   // CEL; empty means always
	To          []string // target names
	Enabled     bool     // default true
	OnError     OnError
	Place       Place // of the condition, or of the rule's name where it has none
}

// OnError says what becomes of an event on which a rule's condition fails
// with a real error (wrong type, cost limit; never a missing field).
type OnError string

const (
	OnErrorSkip       OnError = "skip"        // no match; the default
	OnErrorMatch      OnError = "match"       // as if the condition were true
	OnErrorDeadLetter OnError = "dead_letter" // a dead letter for every target of the rule
)
