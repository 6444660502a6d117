// Package rules is the language of Wye: it turns the YAML that people write
// into a [Ruleset] (data, as written), and a Ruleset into a [Matcher]
// (compiled, immutable), and says of everything that is wrong where it is and
// what to do about it ([Problem]).
//
// It reads no network and knows no bus, no targets and no clock. It is the
// only room that imports cel-go and a YAML library.
package rules
