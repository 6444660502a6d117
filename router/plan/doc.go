// Package plan tells what a changed rule set would have done to real traffic:
// it compares an old and a new rule set over the same events, and counts for
// every rule and every target what differs.
//
// It owns the comparison and the [Report]. It knows rules and events. It does
// not know where the events come from: the router shows it those that the bus
// keeps, and `wye plan --events` the lines of a file. It has no clock; the moment
// at which an event was accepted comes with the event.
//
// # The way of an event
//
//	old set ─┐
//	         ├─► New ─► Change ─► Tally.Add(event) … ─► Tally.Report ─► Report
//	new set ─┘          │
//	                    rows: which rule is which in the other set;
//	                    one matcher with the rules of both
//
// A [Change] is made once and never changed after that. It pairs the rules of
// both sets, by name and, where a rule only got another name, by what it says.
// Rules that select alike in both sets are in its matcher once ([rules.Matcher.Beside]),
// so that an event is matched once, whatever the number of rules that did not
// change. The matcher is the one of production, so what is counted is what would
// have happened.
//
// A [Tally] belongs to one goroutine. Each event gives each rule that it concerns
// a state before and a state after (see state), and it is only counted how often
// each pair of states was seen: all that a report tells of rules, of their targets
// and of loads follows from these counts. Several tallies of one Change are put
// together with [Tally.Merge]; the result does not depend on which of them saw
// which event.
//
// # What is compared
//
// A rule's targets get an event if the rule is live and its condition is true, or
// fails and the rule says on_error: match. What differs is told of the rule and of
// each of its targets: newly matched, no longer matched, still matched; and of what
// is still matched, whether the target gets something else ([payloadDiffers]).
// Failing conditions, dead letters that they make, and what a rule that is only
// watched (mode: shadow) would deliver are counted beside.
//
// Settings that nobody may see, such as the values of headers, are compared and
// never told: a [Setting] names them.
package plan
