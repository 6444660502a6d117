package rules

import "reflect"

// TestSchema is the JSON Schema of test files, kept in schemas/tests.schema.json
// as [Schema] is in its own file.
func TestSchema() []byte {
	return schemaDocument(reflect.TypeFor[testFileShape](), "tests.schema.json", "Wye test file",
		"Cases for the rules beside this file: an event, and where it must go. Run by wye test.")
}

var membersSchema = object{{"type", "object"}, {"minProperties", 1}}

// testTypeSchema is the schema of a type of which its fields do not say enough;
// nil of other types.
func testTypeSchema(t reflect.Type) object {
	referred := func(by string) object { return object{{"required", []string{by}}} }
	switch t {
	case reflect.TypeFor[testEvent]():
		return object{{"anyOf", []any{
			textSchema(""),
			append(objectSchema(reflect.TypeFor[referredShape]()), member{"oneOf", []object{referred("sample"), referred("file")}}),
			append(membersSchema[:2:2], member{"not", object{{"anyOf", []object{referred("sample"), referred("file")}}}}),
		}}}
	case reflect.TypeFor[expectedRules]():
		return expectedSchema(0)
	case reflect.TypeFor[expectedSome]():
		return expectedSchema(1)
	case reflect.TypeFor[noneOrMore]():
		return namesSchema(0)
	case reflect.TypeFor[deniedNames]():
		return object{{"oneOf", []any{namesSchema(1), append(objectSchema(reflect.TypeFor[notShape]()), member{"minProperties", 1})}}}
	case reflect.TypeFor[payloadShape]():
		return object{{"oneOf", []any{membersSchema, object{{"type", "array"}, {"minItems", 1}, {"items", membersSchema}}}}}
	case reflect.TypeFor[anyMembers]():
		return object{{"type", "object"}}
	}
	return nil
}

// caseRules are what holds between the keys of a case: there is an event, and
// something is expected of it, here or in its rows.
func caseRules() object {
	either := func(keys ...string) object {
		var any []object
		for _, key := range keys {
			any = append(any, object{{"required", []string{key}}})
		}
		return object{{"anyOf", any}}
	}
	return object{{"allOf", []object{
		either("event", "each"), either(append(expectKeys[:len(expectKeys):len(expectKeys)], "each")...),
	}}}
}

// namesSchema is a name, or a list of at least so many.
func namesSchema(least int) object {
	return object{{"oneOf", []any{textSchema(""), object{
		{"type", "array"}, {"items", textSchema("")}, {"minItems", least}, {"uniqueItems", true},
	}}}}
}

// expectedSchema is a mapping from rules to their targets, or names of rules.
func expectedSchema(least int) object {
	return object{{"oneOf", []any{namesSchema(least), object{
		{"type", "object"}, {"minProperties", least}, {"additionalProperties", namesSchema(0)},
	}}}}
}
