package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Explanation says of an event, for every rule, that it matched, or the first
// thing that decided that it did not. It is data: it survives a round trip
// through JSON, and [Explanation.Write] prints it for a person.
//
// The rules stand in the order in which somebody wants to see them: those that
// matched; those that would have, and are held back by their mode, sample or
// until; those that failed; those that did not match, the nearest first;
// those that look at other types of events, the nearest type first; those that
// are disabled.
type Explanation struct {
	Event   ExplainedEvent  `json:"event"`
	Version string          `json:"version"` // of the rule set
	Commit  string          `json:"commit,omitempty"`
	Counts  ExplainedCounts `json:"counts"`
	// Matched are the rules whose targets get the event, in order of name: those
	// that matched, and those that failed and say on_error: match. Of all rules
	// that were asked, told below or not.
	Matched []string        `json:"matched"`
	Rules   []ExplainedRule `json:"rules"`
	Partial bool            `json:"partial,omitempty"` // only some rules were asked
	Omitted int             `json:"omitted,omitempty"` // rules that did not match and are not told, see [ExplainOptions.Limit]
}

// ExplainedEvent names the event.
type ExplainedEvent struct {
	ID      string `json:"id"`
	Source  string `json:"source"`
	Type    string `json:"type"`
	Subject string `json:"subject,omitempty"`
	Time    string `json:"time,omitempty"`
}

// ExplainedCounts is how many rules there are of each [Outcome].
type ExplainedCounts struct {
	Rules      int `json:"rules"` // that were asked
	Matched    int `json:"matched"`
	HeldBack   int `json:"held_back"`
	Failed     int `json:"error"`
	NotMatched int `json:"not_matched"`
	WrongType  int `json:"wrong_type"`
	Disabled   int `json:"disabled"`
}

// Outcome is what became of an event at a rule.
type Outcome string

const (
	OutcomeMatched    Outcome = "matched"
	OutcomeHeldBack   Outcome = "held_back"   // the condition holds, and the rule's mode, sample or until lets nothing be delivered
	OutcomeFailed     Outcome = "error"       // the condition failed with a real error; see [OnError] for what that means
	OutcomeNotMatched Outcome = "not_matched" // the condition is false, or asks for something absent
	OutcomeWrongType  Outcome = "wrong_type"  // the rule's `on` does not fit, so its condition was not asked
	OutcomeDisabled   Outcome = "disabled"
)

// Reason is why a part of a condition is not true.
type Reason string

const (
	ReasonFalse     Reason = "false"
	ReasonAbsent    Reason = "absent"        // an attribute, field, element or header is not there
	ReasonKind      Reason = "type_mismatch" // values of kinds that do not go together
	ReasonError     Reason = "error"
	ReasonWrongType Reason = "wrong_type"
	ReasonDisabled  Reason = "disabled"
	ReasonShadow    Reason = "shadow"    // the rule is a shadow
	ReasonUnsampled Reason = "unsampled" // the event is not in the rule's sample
	ReasonOver      Reason = "over"      // the rule's until had passed
)

// ExplainedRule is what one rule says of the event.
type ExplainedRule struct {
	Name        string   `json:"rule"`
	Description string   `json:"description,omitempty"`
	On          []string `json:"on"`
	When        string   `json:"when,omitempty"`
	To          []string `json:"to"`
	OnError     OnError  `json:"on_error"`
	Place       Place    `json:"place"` // of the condition, or of the name where there is none

	// How carefully the rule is rolled out, where it is.
	Mode   Mode      `json:"mode,omitempty"`
	Sample float64   `json:"sample,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	// Part is the part that the rule plays for the event, where its condition held
	// or failed.
	Part Part `json:"part,omitempty"`

	Outcome Outcome `json:"outcome"`
	// Near is how near the rule was to matching: the share of its condition
	// that held, from 0 to 1; for another type of event the share of the type.
	Near    float64 `json:"near"`
	Reason  Reason  `json:"reason,omitempty"`
	Message string  `json:"message,omitempty"` // the reason in a sentence
	// Nearest is the name that was probably meant, where something is absent.
	Nearest string `json:"nearest,omitempty"`
	// WouldMatch says of a disabled rule that it would match if it were not.
	WouldMatch bool `json:"would_match,omitempty"`

	// Decided is the part of the condition that decided, with what it is made of.
	Decided *ExplainedPart `json:"decided,omitempty"`
	// Condition is the whole condition as a tree, in which the part that
	// decided is marked. What decided nothing has no parts below it, unless
	// all parts were asked for.
	Condition *ExplainedPart `json:"condition,omitempty"`
}

// ExplainedPart is a part of a condition, with the value that it has for the event.
type ExplainedPart struct {
	Text  string   `json:"text"`  // exactly as it is written
	Start int      `json:"start"` // where in the condition, in characters
	End   int      `json:"end"`
	Place Place    `json:"place"`
	Kind  PartKind `json:"kind"`

	Value   *Value `json:"value,omitempty"`   // absent where there is none
	Held    bool   `json:"held,omitempty"`    // the value is true
	Reason  Reason `json:"reason,omitempty"`  // why there is no value, or why it is not true
	Message string `json:"message,omitempty"` // the reason in a sentence
	Nearest string `json:"nearest,omitempty"` // the name that was probably meant
	Decided bool   `json:"decided,omitempty"`

	Parts []*ExplainedPart `json:"parts,omitempty"`
	// Loop is exists, all, exists_one, existsOne, filter or map. Elements are
	// those that decided it, Of is how many there are in all.
	Loop     string    `json:"loop,omitempty"`
	Elements []Element `json:"elements,omitempty"`
	Of       int       `json:"of,omitempty"`
}

// PartKind is how a [ExplainedPart] is made of its parts.
type PartKind string

const (
	PartAnd     PartKind = "and"
	PartOr      PartKind = "or"
	PartNot     PartKind = "not"
	PartChoice  PartKind = "choice"  // c ? a : b
	PartLoop    PartKind = "loop"    // exists, all, exists_one, filter, map
	PartCall    PartKind = "call"    // an operator or a function
	PartField   PartKind = "field"   // something of the event, or of an element
	PartLiteral PartKind = "literal" // something written in the condition itself
)

// Element is one round of a loop.
type Element struct {
	Variable string         `json:"variable"`
	At       string         `json:"at"` // where the element is from, as `event.data.items[1]`, where that can be said
	Index    int            `json:"index"`
	Value    Value          `json:"value"`
	Part     *ExplainedPart `json:"part"` // what the loop asks of it
}

// ExplainOptions is what is to be told.
type ExplainOptions struct {
	Rules []string // only these; all where empty
	All   bool     // all rules, and all parts of their conditions
	Limit int      // how many rules that did not match; 0 for 10. Without effect with Rules or All

	// Accepted is when the event was accepted, or would be: what the `until` of
	// rules is compared with. The zero time is before every until.
	Accepted time.Time
}

// detailed tells whether every rule is explained in detail, so that it is not
// worth while to find out first which are worth it.
func (o ExplainOptions) detailed() bool { return o.All || len(o.Rules) > 0 }

const explainedByDefault = 10

// Explain says why each rule matched the event or did not. An error is an
// [*UnknownRule].
func (m *Matcher) Explain(ev *cloudevent.Event, o ExplainOptions) (*Explanation, error) {
	asked, err := m.named(o.Rules)
	if err != nil {
		return nil, err
	}
	x := &Explanation{
		Event:   ExplainedEvent{ID: ev.ID, Source: ev.Source, Type: ev.Type, Subject: ev.Subject, Time: ev.Time},
		Version: m.version, Commit: CommitOf(m.version), Partial: len(asked) < len(m.rules),
	}
	verdicts := m.verdicts(ev)
	x.Rules = explainAll(ev, asked, verdicts, o)
	x.count()
	slices.SortStableFunc(x.Rules, compareExplained)
	if !o.detailed() {
		x.limit(o.Limit)
		m.addDetails(ev, x, verdicts, o)
	}
	return x, nil
}

// addDetails explains in detail what is left of the rules that did not match.
func (m *Matcher) addDetails(ev *cloudevent.Event, x *Explanation, verdicts map[*CompiledRule]error, o ExplainOptions) {
	in := newInspection(ev, verdicts, o)
	for i, r := range x.Rules {
		if r.Outcome == OutcomeFailed || r.Outcome == OutcomeNotMatched {
			asked, _ := m.named([]string{r.Name})
			x.Rules[i] = in.rule(asked[0], true)
		}
	}
}

// limit leaves out all but the first of the rules that did not match.
func (x *Explanation) limit(limit int) {
	if limit <= 0 {
		limit = explainedByDefault
	}
	if keep := x.Counts.Matched + x.Counts.HeldBack + limit; len(x.Rules) > keep {
		x.Omitted = len(x.Rules) - keep
		x.Rules = x.Rules[:keep]
	}
}

func (x *Explanation) count() {
	x.Counts.Rules, x.Matched = len(x.Rules), []string{}
	for _, r := range x.Rules {
		if r.Routes() {
			x.Matched = append(x.Matched, r.Name)
		}
		switch r.Outcome {
		case OutcomeMatched:
			x.Counts.Matched++
		case OutcomeHeldBack:
			x.Counts.HeldBack++
		case OutcomeFailed:
			x.Counts.Failed++
		case OutcomeNotMatched:
			x.Counts.NotMatched++
		case OutcomeWrongType:
			x.Counts.WrongType++
		case OutcomeDisabled:
			x.Counts.Disabled++
		}
	}
}

var outcomeOrder = []Outcome{OutcomeMatched, OutcomeHeldBack, OutcomeFailed, OutcomeNotMatched, OutcomeWrongType, OutcomeDisabled}

// compareExplained puts those first that somebody looks for first.
func compareExplained(a, b ExplainedRule) int {
	return cmp.Or(
		cmp.Compare(slices.Index(outcomeOrder, a.Outcome), slices.Index(outcomeOrder, b.Outcome)),
		cmp.Compare(b.Near, a.Near),
		cmp.Compare(a.Name, b.Name))
}
