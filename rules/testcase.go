package rules

import (
	"strings"
	"time"
)

// TestFile is what a file says under `tests` and `samples`, as data: of a rule
// file, or of a test file, which has nothing else. The room rules/cases makes
// events of it and holds them against a rule set.
type TestFile struct {
	Name    string
	Samples []TestSample // in the order of the file, like all that follows
	Cases   []TestCase

	file *file
}

// TestSample is an event with a name, for several cases.
type TestSample struct {
	TestName
	Event TestEvent
}

// TestName is a name of something, and where it is written.
type TestName struct {
	Name  string
	Place Place
}

// TestCase is one entry under `tests`, or with a name of its own one row of it.
type TestCase struct {
	TestName
	Event   *TestEvent     // nil: that of the case, for a row
	With    map[string]any // of a row: laid over the event, as With of [TestEvent]
	Headers []TestHeader   // transport headers
	Now     time.Time      // when the event is accepted; zero: before every `until`
	Expect  TestExpectation
	Rows    []TestCase // of the table form; empty: the case is one by itself
}

// TestHeader is a transport header of the event of a case.
type TestHeader struct {
	TestName // in lower case
	Value    string
}

// TestEvent says where an event comes from: exactly one of Sample, File and
// Inline is set.
type TestEvent struct {
	Place  Place
	Sample string         // the name of a sample
	File   string         // a file with an event in the CloudEvents JSON format, relative to the test's
	Inline map[string]any // the members of an event in that format
	// With is laid over the event as a JSON merge patch (RFC 7396): objects are
	// merged, null removes, all else replaces.
	With map[string]any
}

// TestExpectation is what a case says of where its event goes. What is not said
// is nil; what is empty and not nil says "none".
//
// Values of JSON, here and in events, are a map[string]any, an []any, a string, a
// json.Number, a bool, or nil.
type TestExpectation struct {
	Rules   []TestRule    // expect: these match, and no others
	Some    []TestRule    // expect_some: these match, whatever else does
	Targets []TestName    // expect_targets: these get the event, and no others
	Not     []TestDenied  // not
	Errors  []TestName    // error: the conditions of these rules fail
	Payload []TestPayload // payload
	Places  map[string]Place
}

// TestRule is a rule that is expected to match.
type TestRule struct {
	TestName
	Targets []TestName // that it sends to; empty: to none (a shadow rule)
	Any     bool       // nothing is said of its targets
}

// TestDenied is a rule that must not match, or a target that must not get the
// event.
type TestDenied struct {
	TestName
	Kind string // "rule", "target", or "" where the name tells
}

// TestPayload is what targets must get, in part: members that are not named may
// be there.
type TestPayload struct {
	Place   Place
	To      []TestName // nil: every target that gets the event
	Members map[string]any
}

// Said tells whether anything is expected at all.
func (e *TestExpectation) Said() bool { return len(e.Places) > 0 }

// ReadTests reads the tests and samples of a rule file, or of a test file (see
// [IsTestFile]). Of a rule file, what is wrong elsewhere in it is not told: that
// is the business of [Load].
func ReadTests(s Source) (*TestFile, Problems) {
	f := newFile(s.Name, withoutBOM(s.Text))
	isTest := IsTestFile(s.Name)
	if !isTest && !strings.Contains(f.text, "tests") && !strings.Contains(f.text, "samples") {
		return &TestFile{Name: s.Name, file: f}, nil
	}
	root, problems := f.document()
	if root == nil {
		return nil, problems
	}
	p := &parser{file: f, what: "the rule file"}
	if isTest {
		p.what = "the test file"
		p.testRoot(root)
	} else {
		p.testsOfRules(root)
	}
	p.out.tests.Name, p.out.tests.file = s.Name, f
	return &p.out.tests, p.problems.bounded()
}

// Text is the text of the file that was read, without a byte order mark.
func (t *TestFile) Text() string { return t.file.text }

// Problem is an error at a place of the file.
func (t *TestFile) Problem(at Place, code, message, hint string) Problem {
	return t.file.problem(place{at.Line, at.Column}, code, message, hint)
}
