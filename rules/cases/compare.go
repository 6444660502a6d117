package cases

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wye-events/wye/rules"
)

// Fault is one way in which what came out differs from what a case expects.
type Fault struct {
	Kind FaultKind `json:"kind"`
	// Key is the key of the case that says otherwise: expect, not, …
	Key     string `json:"key"`
	Rule    string `json:"rule,omitempty"`
	Target  string `json:"target,omitempty"`
	Path    string `json:"path,omitempty"` // in the payload: data.items[0].price
	Message string `json:"message"`
	// Want and Got are set where there is something to compare: lists of targets,
	// or values of the payload. Of a payload, a member that is not there is the
	// same as one that is null; the message tells which.
	Want any `json:"want,omitempty"`
	Got  any `json:"got,omitempty"`

	payload    int // number of the payload of the case
	difference difference
}

// FaultKind is what sort of difference a [Fault] is.
type FaultKind string

const (
	FaultNotMatched   FaultKind = "not_matched"   // a rule should match, and does not
	FaultMatched      FaultKind = "matched"       // a rule matches, and should not
	FaultTargets      FaultKind = "targets"       // a rule sends to other targets
	FaultAllTargets   FaultKind = "all_targets"   // other targets get the event
	FaultDenied       FaultKind = "denied_target" // a target gets the event, and should not
	FaultFailed       FaultKind = "failed"        // a condition fails, and should not
	FaultNotFailed    FaultKind = "not_failed"    // a condition should fail, and does not
	FaultPayload      FaultKind = "payload"       // a target gets something else
	FaultNotDelivered FaultKind = "not_delivered" // a payload is expected, and no such target gets the event
)

// compare holds an outcome against what a case expects.
func compare(c *Case, o *outcome) (faults []Fault) {
	x := &c.Expect
	faults = append(faults, o.rules("expect", x.Rules)...)
	faults = append(faults, o.rules("expect_some", x.Some)...)
	if x.Rules != nil {
		faults = append(faults, o.others(x.Rules)...)
	}
	if x.Targets != nil {
		faults = append(faults, o.allTargets(x.Targets)...)
	}
	faults = append(faults, o.denied(x.Not)...)
	faults = append(faults, o.errors(x)...)
	return append(faults, payloads(c, o)...)
}

// rules compares the rules that are expected.
func (o *outcome) rules(key string, want []rules.TestRule) (faults []Fault) {
	for _, w := range want {
		got := o.match(w.Name)
		switch {
		case got == nil && o.failure(w.Name) != nil:
			faults = append(faults, Fault{Kind: FaultNotMatched, Key: key, Rule: w.Name,
				Message: fmt.Sprintf("rule %s should match, and fails: %s", w.Name, o.failure(w.Name).why)})
		case got == nil:
			faults = append(faults, Fault{Kind: FaultNotMatched, Key: key, Rule: w.Name,
				Message: fmt.Sprintf("rule %s should match, and does not", w.Name)})
		case !w.Any:
			if wanted := namesOf(w.Targets); !sameNames(wanted, got.to) {
				faults = append(faults, Fault{Kind: FaultTargets, Key: key, Rule: w.Name, Want: wanted, Got: orEmpty(got.to),
					Message: fmt.Sprintf("rule %s matches, and %s", w.Name, sendsOther(got, wanted))})
			}
		}
	}
	return faults
}

func sendsOther(got *matched, wanted []string) string {
	switch {
	case got.shadow:
		return "sends nothing, because it is a shadow; expected " + listed(wanted)
	case len(wanted) == 0:
		return "sends to " + listed(got.to) + "; expected that it sends nothing"
	}
	return "sends to " + listed(got.to) + "; expected " + listed(wanted)
}

// others finds rules that match beside those expected.
func (o *outcome) others(want []rules.TestRule) (faults []Fault) {
	for _, m := range o.matched {
		if slices.ContainsFunc(want, func(w rules.TestRule) bool { return w.Name == m.rule.Name }) {
			continue
		}
		to := " and sends to " + listed(m.to)
		if m.shadow {
			to = " as a shadow"
		}
		faults = append(faults, Fault{Kind: FaultMatched, Key: "expect", Rule: m.rule.Name, Got: orEmpty(m.to),
			Message: fmt.Sprintf("rule %s matches%s, which is not expected", m.rule.Name, to)})
	}
	return faults
}

// allTargets compares the targets that get the event.
func (o *outcome) allTargets(want []rules.TestName) []Fault {
	wanted := namesOf(want)
	if sameNames(wanted, o.targets) {
		return nil
	}
	return []Fault{{Kind: FaultAllTargets, Key: "expect_targets", Want: wanted, Got: orEmpty(o.targets),
		Message: fmt.Sprintf("the event goes to %s; expected %s", listed(o.targets), listed(wanted))}}
}

// denied finds rules that must not match and targets that must not get it.
func (o *outcome) denied(not []rules.TestDenied) (faults []Fault) {
	for _, no := range not {
		if m := o.match(no.Name); m != nil && no.Kind != "target" {
			faults = append(faults, Fault{Kind: FaultMatched, Key: "not", Rule: no.Name, Got: orEmpty(m.to),
				Message: fmt.Sprintf("rule %s matches, and must not", no.Name)})
		}
		if from := o.senders(no.Name); len(from) > 0 && no.Kind != "rule" {
			faults = append(faults, Fault{Kind: FaultDenied, Key: "not", Target: no.Name,
				Message: fmt.Sprintf("target %s gets the event from %s, and must not", no.Name, listed(from))})
		}
	}
	return faults
}

// errors compares the rules whose condition fails. Where neither expect nor error
// is said, nothing is said of other rules.
func (o *outcome) errors(x *rules.TestExpectation) (faults []Fault) {
	for _, want := range x.Errors {
		if o.failure(want.Name) == nil {
			faults = append(faults, Fault{Kind: FaultNotFailed, Key: "error", Rule: want.Name,
				Message: fmt.Sprintf("the condition of rule %s should fail with an error, and does not", want.Name)})
		}
	}
	if x.Rules == nil && x.Errors == nil {
		return faults
	}
	for _, f := range o.failed {
		expected := slices.ContainsFunc(x.Errors, func(n rules.TestName) bool { return n.Name == f.rule.Name })
		told := o.match(f.rule.Name) == nil && slices.ContainsFunc(x.Rules, func(w rules.TestRule) bool { return w.Name == f.rule.Name })
		if !expected && !told {
			faults = append(faults, Fault{Kind: FaultFailed, Key: "error", Rule: f.rule.Name,
				Message: fmt.Sprintf("the condition of rule %s fails: %s", f.rule.Name, f.why)})
		}
	}
	return faults
}

func namesOf(all []rules.TestName) []string {
	names := []string{}
	for _, n := range all {
		names = append(names, n.Name)
	}
	return names
}

func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func orEmpty(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

// listed is a list of names for people.
func listed(names []string) string {
	if len(names) == 0 {
		return "nowhere"
	}
	return strings.Join(names, ", ")
}
