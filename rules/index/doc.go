// Package index finds, among very many conditions, those that are true for an
// event, at a cost that hardly depends on how many there are. It owns how a
// condition's tests are ordered, shared and looked up, and how an event's bytes
// are read for them. It promises the answer of evaluating every condition by
// itself, or says [Ask]: evaluate this one. It may not know CEL, YAML, rules'
// names, or what a match leads to.
//
// # From conditions to an index
//
// A condition comes as a tree of tests ([Expr]) over fields of an event
// ([Field]). A test is true, false, absent (what it asks for is not there),
// failed (a real error, such as a text that should be a number) or unknown: a
// part that only the caller can evaluate.
//
//	And(type == T, tenant == X, amount > 100, unknown)
//	     │
//	     ▼ keys: tests of which one must be true for the whole to be true
//	┌──────────┐ slot type   ┌───────────────┐ slot tenant  ┌──────────────────────┐
//	│ root     ├────────────►│ those with T  ├─────────────►│ those with T and X:  │
//	│ block    │ T ─► block  │               │ X ─► block   │ rule 7: amount > 100,│
//	└──────────┘             └───────────────┘              │         then ask     │
//	                                                        └──────────────────────┘
//
// A block is a short program (code.go): splits, which lead to other blocks by
// the value of a field (a hash look-up, an ordered list, a prefix), and rules
// with what is left of their condition, written one after the other so that
// running through them reads memory in order. Constants are interned; an
// event's value is looked up once and then compared as a number. All of it lies
// in a few slices without pointers, which the garbage collector does not walk.
//
// # Absent and failed
//
// Only the truth of a condition can be looked up by its keys, but a condition
// that fails must be found too. A test fails only where a field is of a kind
// that the test cannot use, or where a list stands on the way to the field. So
// the fields that tests have expectations of are known (expect.go), the scan of
// an event notices when one is not met, and then, which is rare, the conditions
// with such a test are evaluated from their trees (eval.go).
//
// And is false if one of its tests is; otherwise the first that is not true
// decides. Or is true if one is; otherwise likewise. Wherever a condition stands
// or falls with an unknown part, the answer is Ask.
//
// # Reading the event
//
// JSON data is read once, from its bytes, by a scanner that checks all of it
// and keeps only the values of fields that some condition names (scan.go). It
// is read when the first look-up needs a field of it: events that are decided
// by their attributes are not read at all.
//
// # Change
//
// An [Index] never changes. [Index.With] makes another that shares the large
// part and has a small one beside it for what was added, until that has grown
// so much that building all anew is worth it.
package index
