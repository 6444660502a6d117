// Package formats writes what the commands found in the forms that other
// programs read: annotations of a pull request on GitHub ([WriteAnnotations]),
// JUnit XML ([WriteJUnit]) and SARIF 2.1.0 ([WriteSARIF]).
//
// It knows nothing of rules: it is given texts and places. All of it is written
// so that text from a rule file or an event cannot break out of its field.
package formats
