// Package schemas holds the shapes of what people write and send: the JSON
// Schemas of the rule file and of test files here, and the event itself in
// [github.com/wye-events/wye/schemas/cloudevent]. It is a leaf: it knows no
// other room.
package schemas

import _ "embed"

// RulesSchema is the JSON Schema (2020-12) of the rule file, as an editor uses
// it. It is generated from the types of the package rules.
//
//go:embed rules.schema.json
var RulesSchema []byte

// TestsSchema is that of a test file (*_test.yaml), made likewise.
//
//go:embed tests.schema.json
var TestsSchema []byte

// Document is a kind of file that people write, and its JSON Schema.
type Document struct {
	Name   string // as in `wye schema print NAME` and /api/v1/schema/NAME
	About  string // what the file is, in a few words
	Schema []byte // shared: not to be changed
}

// Documents are the kinds of files that have a schema, the rule file first.
func Documents() []Document {
	return []Document{
		{"rules", "the rule file", RulesSchema},
		{"tests", "a test file, *_test.yaml", TestsSchema},
	}
}
