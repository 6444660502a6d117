// Package logic finds out what a condition can come to without an event: whether
// it can be true or false at all, and whether one condition is true wherever
// another is.
//
// It owns formulas ([Formula]) over terms, which are what a condition asks of an
// event, and the sets of values for which a test of a term is true, false, or
// not ([Set]). It may not know CEL, YAML or events.
//
// Its promise is one-sided. What [Possible] calls impossible is, for every event
// that there could be; what it calls possible may not be, where a condition says
// more than sets can hold or is too large to go through. Whoever asks acts on
// "impossible" only.
//
// A test has four answers: true, false, absent (what it asks for is not there),
// and failed. So there are four things to ask ([Want]): that it is true, false,
// not true, or not false. As in CEL, && is false if one of its parts is, whatever
// the others are, and true only if all are; || likewise the other way round.
package logic
