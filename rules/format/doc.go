// Package format writes rule files, and files of tests, in the one form in which
// everybody's are written: `wye fmt`.
//
// It owns how a file looks and nothing of what it means. It promises that
//
//   - what the file says is the same before and after;
//   - no comment is lost, and each stays with what it tells of;
//   - to format again changes nothing;
//   - a file that is no YAML, or that the loader refuses to read for its size or
//     form, is not formatted: [File] says what is wrong with it.
//
// A file with other faults, a misspelt key for one, is formatted like any other.
//
// # The form
//
//   - Keys that Wye knows stand in the order of their documentation, unknown ones
//     behind them. Targets, rules, tests, headers and whatever else people name
//     stay in their order.
//   - Two spaces of indentation, lists under a key included. At most one blank line
//     between entries, none where a mapping or list begins.
//   - What is written in { } or [ ] stays so while it fits in 100 columns, a list of
//     plain entries in 120, and is written out line by line otherwise.
//   - Quotes stay as they are, and so does every text but conditions.
//   - Comments behind lines that stood in one column stay in one, as far behind the
//     longest of their lines as they were.
//   - In conditions there are spaces around operators and behind commas, and none
//     inside brackets. The author's line breaks stay, && and || stand at the ends of
//     lines or at their beginnings as at the first break of the condition, and a line
//     of more than 100 columns in a block is broken at them.
//   - Lines end as the first one does, the last one too. A byte order mark goes.
//
// # How
//
//	text ─► rules.Tree ─► scan ─► parse ─► sort ─► printer ─► align ─► text
//	        what it is    every   entries  keys    lines               held against
//	                      token   with their                           what there was
//	                              comments
//
// A YAML library loses comments or moves them, so its tree only tells where each
// scalar stands and what it means. With that the text is cut into tokens
// (scan.go), and these are read again along the tree, each comment with the entry
// that it belongs to (reader.go). The result is parsed once more and compared with
// what there was before anybody gets it (verify.go).
//
// A condition is a sequence of words (cellex.go); formatting decides about the
// space between them and nothing else (celspace.go, cellines.go).
package format
