package rules

import (
	"reflect"
	"time"
)

// Ruleset is what a rule file or a directory of them says, as data. Targets
// and rules are in ascending order of name. Parsed, checked for shape, but not
// compiled: its conditions are text.
type Ruleset struct {
	// Version is 12 hex digits of a SHA-256 over the names of the files and the
	// hashes of their contents, see [Version].
	Version string
	Files   []string // as they are shown in problems
	Targets []Target
	Rules   []*Rule

	files []*loadedFile
}

// Sources are the files of the set as they were when it was loaded, with their
// names below its root. [LoadSources] makes the same set of them, of the same
// version.
func (s *Ruleset) Sources() []Source {
	sources := make([]Source, len(s.files))
	for i, f := range s.files {
		sources[i] = f.source()
	}
	return sources
}

// Target is one entry under `targets`. Exactly one of the kinds is set.
type Target struct {
	Name string

	HTTP   *HTTP
	Queue  *Queue
	Stream *Stream

	Retry       Retry
	Concurrency int    // deliveries at once; 1 to 1,024; default 32
	Rate        *Rate  // nil: as fast as it answers
	Order       *Order // nil: in no order
	Batch       *Batch // nil: one event a request
	Breaker     Breaker
	OnExpired   OnExpired // default dead_letter
}

// Same tells whether two targets are set alike, wherever that is written.
func (t Target) Same(other Target) bool {
	for _, one := range []*Target{&t, &other} {
		if one.Order != nil {
			order := *one.Order
			order.Place = Place{}
			one.Order = &order
		}
	}
	return reflect.DeepEqual(t, other)
}

// HTTP is a receiver of CloudEvents over HTTP.
type HTTP struct {
	URL     string
	Headers map[string]string // values may hold ${env:NAME} and ${file:/path}
	Timeout time.Duration     // of one attempt, body included; default 15s
	Format  string            // "binary" or "structured"; default "binary", with a batch "structured"

	// OnStatus says what answers mean, before the default table: the first row
	// that holds a status decides.
	OnStatus      []StatusRow
	RetryAfterMax time.Duration // the longest pause that an answer may ask for; default 1h
}

// StatusRow says what the statuses From to To, both included, mean.
type StatusRow struct {
	From, To int
	Then     StatusMeaning
}

// StatusMeaning is what an HTTP status means for the event that was sent.
type StatusMeaning string

const (
	StatusDelivered  StatusMeaning = "delivered"   // the receiver has it
	StatusRetry      StatusMeaning = "retry"       // try again by the target's policy
	StatusBriefly    StatusMeaning = "briefly"     // a few more attempts, then a dead letter
	StatusSlowDown   StatusMeaning = "slow_down"   // retry, and slow the whole target
	StatusDeadLetter StatusMeaning = "dead_letter" // the receiver will never take it
	StatusPause      StatusMeaning = "pause"       // hold the target until a person resumes it
)

// Queue is a JetStream work queue that consumers share.
type Queue struct{ Name string }

// Stream is a JetStream stream that keeps what it gets.
type Stream struct{ Subject string }

// Retry is when to try again, and when to stop. The wait before attempt n+1 is
// drawn evenly from 0 to min(Max, First·Factorⁿ⁻¹) (full jitter).
type Retry struct {
	Attempts int           // in all; default 1,000: then GiveUp decides
	First    time.Duration // default 1s
	Max      time.Duration // default 5m
	Factor   float64       // 1 to 10; default 2
	GiveUp   time.Duration // the delivery expires at this age; default 24h
}

// Rate bounds how fast a target gets events.
type Rate struct {
	PerSecond float64 // events; more than 0
	Burst     int     // events that may come at once; default PerSecond, at least 1
}

// Breaker says when a target that fails is left alone, and for how long. While
// it is left alone its events wait in the backlog; then one of them probes it.
type Breaker struct {
	Failures int           // in a row that open it; default 5
	Ratio    float64       // of failures among the attempts within Over that opens it, from 100 attempts on; 0: never; default 0.5
	Over     time.Duration // default 30s
	First    time.Duration // longest pause before the first probe, doubled with each that fails; default Retry.First
	Max      time.Duration // longest pause; default Retry.Max, at most 30s
}

// Order says that events of one key go to the target one after the other, in
// the order in which they were accepted.
type Order struct {
	By       string // CEL; its value, as text, is the key. Where it is absent or fails, the event goes in no order
	OnPoison OnPoison
	Place    Place // of By
}

// OnPoison says what becomes of an event that an ordered target does not take,
// where it would become a dead letter otherwise.
type OnPoison string

const (
	OnPoisonPark  OnPoison = "park"  // a dead letter, and the key goes on; the default
	OnPoisonBlock OnPoison = "block" // it is tried until it is taken or expires, and its key waits
	OnPoisonSkip  OnPoison = "skip"  // the delivery is dropped, and the key goes on
)

// Batch says that a target gets several events in one request.
type Batch struct {
	MaxEvents int           // 2 to 1,000; default 100
	MaxBytes  int           // of the request's body, unless one event alone is larger; default 1 MiB
	MaxWait   time.Duration // how long an event may wait for others; default 100ms
}

// OnExpired says what becomes of a delivery that expires: that reaches its
// target's give_up, or the event's expirytime.
type OnExpired string

const (
	OnExpiredDeadLetter OnExpired = "dead_letter" // the default
	OnExpiredDrop       OnExpired = "drop"        // counted as expired, and not kept
)

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

	// How carefully the rule is rolled out; see [Rule.Part].
	Mode   Mode      // default live
	Sample float64   // share of the events that it takes, 0.000001 to 1; default 1
	Until  time.Time // UTC; it matches what was accepted before; zero: for ever
}

// OnError says what becomes of an event on which a rule's condition fails
// with a real error (wrong type, cost limit; never a missing field).
type OnError string

const (
	OnErrorSkip       OnError = "skip"        // no match; the default
	OnErrorMatch      OnError = "match"       // as if the condition were true
	OnErrorDeadLetter OnError = "dead_letter" // a dead letter for every target of the rule
)
