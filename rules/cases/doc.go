// Package cases runs the tests of a rule set: what stands under `tests` in its
// rule files, and in the test files (*_test.yaml) beside them.
//
//	rules.Loader ─► Ruleset, Matcher ─┐
//	rules.ReadTests ─► TestFile ──────┴─► Suite ─► Run ─► Report ─► Update
//	                   samples, files,      events and expectations,    the files again,
//	                   overlays             names checked               with what came out
//
// [Loader.Load] makes events of samples, files and overlays, and checks every
// name, so that a [Suite] can be run without another look at the disk. What is
// wrong with a test is a [rules.Problem] like any other.
//
// # What a case says
//
// An event is matched by [rules.Matcher.Match], as the server does it, and what
// comes out is held against the case:
//
//   - expect lists all rules that match, each with the targets that get the event
//     from it. A rule that failed and says on_error: match counts as one that
//     matches. A shadow rule matches and sends to no target: its list is empty.
//   - expect_some says that of some rules, and nothing of others.
//   - expect_targets lists all targets that get the event from any rule.
//   - not names rules that do not match, and targets that do not get it.
//   - error lists rules whose condition fails. With it, or with expect, no other
//     rule may fail: an error that nobody expects is a fault in a rule or an event.
//   - payload holds what a target gets, in part: an object is compared by the
//     members that are named, a list as a whole, a number by its value.
//
// Two things are not as in the server, so that a test says the same today and in
// a year: the event of a case is in the sample of every rule, and without `now`
// it was accepted before the `until` of every rule.
//
// The room reads rule files, test files and events, and writes test files
// ([Suite.Update]). It knows no network, no terminal and no clock but for how
// long a case took.
package cases
