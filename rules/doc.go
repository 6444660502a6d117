// Package rules is the language of Wye: it turns the YAML that people write
// into a [Ruleset] (data, as written), and a Ruleset into a [Matcher]
// (compiled, immutable). It says of everything that is wrong where it is and what
// to do about it ([Problem]), and of an event why each rule matches it or does
// not ([Explanation]).
//
// It reads no network and knows no bus, no targets and no clock. It is the
// only room that imports cel-go and a YAML library.
//
// # The way of a rule file
//
//	Loader ─► loadedFile ───► targets and rules ──► link ──► Ruleset
//	          text, bounds,   of one file, their    │        │ what has changed
//	          plain rules or  conditions checked    ▼        ▼
//	          a YAML tree     shape by shape     Problems   Matcher ─► Match(event)
//	          (on all processors)                every fault, Explain(event)
//	                                             sorted by place
//
// [Load] and [Loader] are the only way in, so what a check accepts is what runs.
// A Loader loads the same set again at the cost of what has changed: it keeps
// what files said by their hashes, and the rules that are as they were. Its
// matcher then shares the large part of the one before ([index.Index.With]).
//
// Rules that are written as nearly all are, key by key in a line each, are read
// by plainReader (plainfile.go), which knows just that and leaves everything else
// in the text. That is read into one YAML tree (yaml.go), strictly, key by key,
// against the shapes in shape.go, from which the JSON Schema is made too
// (schema.go). What needs all the files is checked when they are together
// (merge.go, and link.go for the places of what is wrong). A reader goes on after
// a fault: all of them are reported at once.
//
// Conditions that differ only in their constants have one syntax tree, their
// shape: the constants are lifted out of the text (lift.go), and only the first
// conditions of a shape are parsed and checked (shapes.go). Programs of CEL are
// made when a condition is first evaluated by CEL (condition.go).
//
// # Conditions
//
// A `when` is CEL. Its names are `event`, whose attributes are typed
// (celenv.go), and `headers`. What Wye adds to CEL or decides:
//
//   - Numbers mean their value, not their spelling: see numbers.go.
//   - What is absent (an attribute, field, element or header) is no match and
//     never an error; has(), !, || and && follow CEL, so a condition that
//     negates something absent is no match either.
//   - A real error (values that do not go together, a number that overflows,
//     too much work) is reported with the rule in [Match].
//   - The misspelt name of a standard attribute is refused when the file is
//     loaded. An extension that is really called so is written dyn(event).sorce.
//   - A condition is bounded: in length and depth before the parser sees it,
//     in loops, in regular expressions and the texts that they are held against
//     (patternbound.go), in what it may build, and in the steps that it may take
//     (condition.go, cost.go).
//
// What CEL's parser and type checker say is put into plain words
// (celsyntax.go, celtypes.go) and pointed at inside the YAML scalar, whatever
// its style (place.go).
//
// # Matching
//
// A [Matcher] asks its index for an event's matches (package rules/index), at a
// cost that hardly depends on how many rules there are. Conditions are translated
// for it once (indexing.go): into tests of fields against constants, which it
// looks up; calculations and loops that it knows (calculating.go), which it
// evaluates for the rules that are left; and what nobody but CEL can answer. For
// that the index says so, and the condition is evaluated here, for this event,
// with the event's data read into a tape (json.go) in which only what is asked for
// is made a value. The translation leaves out what is not certain to mean the
// same, so the answer is that of [Matcher.MatchOneByOne], which evaluates every
// condition by CEL; the differential tests hold one to the other. Only what CEL
// evaluates counts steps: where one by one gives up on too much work, Match may
// still have the answer.
//
// A rule that only the type of an event selects is right and not fast; loading
// notes it (unindexed.go).
//
// # Explaining
//
// [Matcher.Explain] takes its verdicts from Match and never contradicts it; why a
// rule did not match is found by evaluating the parts of its condition one by one
// (explainparts.go, explaineval.go), within a bound. An [Explanation] is data,
// made to be shown by anybody; [Explanation.Write] prints it.
//
// # Findings
//
// [Findings] tells of a set that loads what its author probably did not mean
// (finding*.go). What a condition can come to without an event is worked out by
// package rules/logic, of formulas that findingformula.go and findingterm.go make
// of the syntax tree. Every kind of [Problem] has a code (codes.go) with a story
// (stories/), whose examples are tests.
//
// # Expressions elsewhere
//
// A [Condition] is a `when` without a rule, such as what a watcher asks for; a
// [LetterCondition] is one over dead letters, which sees what became of the
// delivery too; a [Key] gives the events of an ordered target their keys. They
// are dialects (dialect.go) of the one language, with the same bounds and
// messages, evaluated by CEL.
//
// # The form of a file
//
// Package rules/format writes rule files in the one form that all have. It works on
// the text, and asks here what a file is ([Tree]) and which keys have an order and
// which texts are CEL ([FileLayout]).
package rules
