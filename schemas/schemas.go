// Package schemas holds the shapes of what people write and send: the JSON
// Schema of the rule file here, and the event itself in
// [github.com/wye-events/wye/schemas/cloudevent]. It is a leaf: it knows no
// other room.
package schemas

import _ "embed"

// RulesSchema is the JSON Schema (2020-12) of the rule file, as an editor uses
// it. It is generated from the types of the package rules.
//
//go:embed rules.schema.json
var RulesSchema []byte
