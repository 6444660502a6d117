package rules

// The shapes of tests, in rule files and in test files, see fileShape.

type testFileShape struct {
	Version int                  `key:"version,required" doc:"Version of the rule language. Always 1." enum:"1"`
	Samples map[string]testEvent `key:"samples" doc:"Events with a name, for the tests of this file."`
	Tests   []caseShape          `key:"tests" doc:"What the rules beside this file must do with an event: cases for wye test."`
}

type caseShape struct {
	Name    string            `key:"name,required" doc:"What the test shows, for people. No other test of the file has this name." example:"a large order is packed by hand"`
	Event   testEvent         `key:"event" doc:"The event: a file with one in the CloudEvents JSON format (relative to this file), a sample, or its attributes and data. Without an id, a source and a specversion it gets test, /test and 1.0."`
	Headers map[string]string `key:"headers" doc:"Transport headers that the event comes with." example:"{\"x-env\": \"test\"}"`
	Now     string            `key:"now" doc:"When the event is accepted: a time with a zone, or a date. Without it, before the until of every rule." example:"2026-01-31T08:00:00Z" pattern:"until"`

	Expect        expectedRules `key:"expect" doc:"Rules that match the event, with the targets that get it from them. No other rule matches. {} says that no rule does; [] as the targets of a rule, that it matches and sends nothing (a shadow rule)."`
	ExpectSome    expectedSome  `key:"expect_some" doc:"Like expect, and other rules may match too."`
	ExpectTargets noneOrMore    `key:"expect_targets" doc:"Targets that get the event, whichever rules send it. No other target gets it."`
	Not           deniedNames   `key:"not" doc:"Rules that must not match, and targets that must not get the event."`
	Error         textOrList    `key:"error" doc:"Rules whose condition must fail on the event with an error." example:"[large-orders]" pattern:"nonempty"`
	Payload       payloadShape  `key:"payload" doc:"Attributes and data that the targets get, in part: what is not named may be there. A list of them, each with to, says it of some targets."`

	Each []rowShape `key:"each" doc:"The same test for several events: each row says how its event differs, and what is expected of it."`
}

// rowShape is a row: a case with an event that differs from that of the case.
type rowShape struct {
	Name    string            `key:"name,required" doc:"What the row shows." example:"just below"`
	With    anyMembers        `key:"with" doc:"How the event differs from that of the test: attributes and data, laid over it. Objects are merged, null removes, all else replaces." example:"{\"data\": {\"total\": 5}}"`
	Event   testEvent         `key:"event" doc:"An event in place of that of the test."`
	Headers map[string]string `key:"headers" doc:"Transport headers, beside and before those of the test." example:"{\"x-env\": \"test\"}"`
	Now     string            `key:"now" doc:"When the event is accepted, in place of now of the test." example:"2026-01-31T08:00:00Z" pattern:"until"`

	Expect        expectedRules `key:"expect" doc:"Rules that match the event, in place of expect of the test."`
	ExpectSome    expectedSome  `key:"expect_some" doc:"Like expect, and other rules may match too."`
	ExpectTargets noneOrMore    `key:"expect_targets" doc:"Targets that get the event, whichever rules send it. No other target gets it."`
	Not           deniedNames   `key:"not" doc:"Rules that must not match, and targets that must not get the event."`
	Error         textOrList    `key:"error" doc:"Rules whose condition must fail on the event with an error." pattern:"nonempty"`
	Payload       payloadShape  `key:"payload" doc:"Attributes and data that the targets get, in part."`
}

type referredShape struct {
	Sample string     `key:"sample" doc:"Name of a sample." example:"large"`
	File   string     `key:"file" doc:"A file with an event in the CloudEvents JSON format, relative to this file." example:"events/large.json"`
	With   anyMembers `key:"with" doc:"Attributes and data that are laid over the event. Objects are merged, null removes, all else replaces." example:"{\"data\": {\"total\": 5}}"`
}

type notShape struct {
	Rules   textOrList `key:"rules" doc:"Rules that must not match." pattern:"nonempty"`
	Targets textOrList `key:"targets" doc:"Targets that must not get the event." pattern:"nonempty"`
}

type (
	// testEvent is a path, a referredShape, or an event.
	testEvent struct{}
	// expectedRules is a mapping from rules to targets, or names of rules.
	expectedRules struct{}
	// expectedSome is that, with at least one of them.
	expectedSome struct{}
	// noneOrMore is textOrList where the list may be empty.
	noneOrMore struct{}
	// deniedNames are names, or a notShape.
	deniedNames struct{}
	// payloadShape is a mapping of members, or a list of these.
	payloadShape struct{}
	// anyMembers is an object of JSON.
	anyMembers struct{}
)
