package rules

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

//go:generate go test -run TestSchemaIsFresh -update .

// Schema is the JSON Schema of the rule file, made from the same types as the
// loader's own knowledge of it. It is kept in schemas/rules.schema.json for
// editors; a test holds that file and this function together.
func Schema() []byte {
	return schemaDocument(reflect.TypeFor[fileShape](), "rules.schema.json", "Wye rule file",
		"Targets are where events can go; rules decide which events go there.")
}

func schemaDocument(t reflect.Type, name, title, description string) []byte {
	root := objectSchema(t)
	document := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "https://wye-events.github.io/schemas/" + name},
		{"title", title},
		{"description", description},
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(append(document, root...)); err != nil {
		panic("rules: the schema cannot be written: " + err.Error())
	}
	return b.Bytes()
}

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encoder.Encode(m.key); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := encoder.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func objectSchema(t reflect.Type) object {
	var properties object
	var required []string
	for i := range t.NumField() {
		field := t.Field(i)
		key, options, _ := strings.Cut(field.Tag.Get("key"), ",")
		properties = append(properties, member{key, fieldSchema(field)})
		if options == "required" {
			required = append(required, key)
		}
	}
	schema := object{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}}
	if required != nil {
		schema = append(schema, member{"required", required})
	}
	if t == reflect.TypeFor[targetShape]() {
		schema = append(schema, targetRules()...)
	}
	if t == reflect.TypeFor[caseShape]() {
		schema = append(schema, caseRules()...)
	}
	return schema
}

// targetRules are what holds between the keys of a target.
func targetRules() object {
	var kinds []object
	for _, kind := range []string{"http", "queue", "stream"} {
		kinds = append(kinds, object{{"required", []string{kind}}})
	}
	binary := object{{"properties", object{{"format", object{{"const", "binary"}}}}}, {"required", []string{"format"}}}
	return object{
		{"oneOf", kinds},
		{"dependentRequired", object{{"batch", []string{"http"}}}},
		{"not", object{{"properties", object{{"http", binary}}}, {"required", []string{"batch", "http"}}}},
	}
}

func fieldSchema(field reflect.StructField) object {
	schema := object{{"description", field.Tag.Get("doc")}}
	schema = append(schema, typeSchema(field)...)
	if d, ok := field.Tag.Lookup("default"); ok {
		schema = append(schema, member{"default", literal(field.Type, d)})
	}
	if e, ok := field.Tag.Lookup("example"); ok {
		schema = append(schema, member{"examples", []any{literal(field.Type, e)}})
	}
	return schema
}

func typeSchema(field reflect.StructField) object {
	pattern := patterns[field.Tag.Get("pattern")]
	if special := testTypeSchema(field.Type); special != nil {
		return special
	}
	switch t := field.Type; {
	case t == reflect.TypeFor[textOrList]():
		text := textSchema(pattern)
		return object{{"oneOf", []any{text, object{
			{"type", "array"}, {"items", text}, {"minItems", 1}, {"uniqueItems", true},
		}}}}
	case t == reflect.TypeFor[condText]():
		return object{{"type", []string{"string", "boolean"}}, {"pattern", `\S`}}
	case t == reflect.TypeFor[byteSize]():
		return object{{"oneOf", []any{numberSchema("integer", field), textSchema(sizePattern)}}}
	case t == reflect.TypeFor[statusMap]():
		return statusSchema()
	case t.Kind() == reflect.Struct:
		return shortSchema(t, field.Tag.Get("short"))
	case t.Kind() == reflect.Map:
		return mapSchema(t)
	case t.Kind() == reflect.Slice:
		return object{{"type", "array"}, {"minItems", 1}, {"items", objectSchema(t.Elem())}}
	case t.Kind() == reflect.Bool:
		return object{{"type", "boolean"}}
	case t.Kind() == reflect.Int:
		return intSchema(field)
	case t.Kind() == reflect.Float64:
		return numberSchema("number", field)
	}
	if words, ok := field.Tag.Lookup("enum"); ok {
		return object{{"type", "string"}, {"enum", strings.Fields(words)}}
	}
	schema := textSchema(pattern)
	if field.Tag.Get("pattern") == "subject" {
		schema = append(schema, member{"not", object{{"pattern", reservedSubject}}})
	}
	return schema
}

var patterns = map[string]string{
	"name": namePattern, "duration": durationPattern, "url": urlPattern,
	"subject": subjectPattern, "on": onPattern, "words": `\S`, "until": untilPattern,
}

// shortSchema is a mapping, or the value of its inner key called short.
func shortSchema(t reflect.Type, short string) object {
	schema := objectSchema(t)
	for i := range t.NumField() {
		if key, _, _ := strings.Cut(t.Field(i).Tag.Get("key"), ","); key == short {
			return object{{"oneOf", []any{typeSchema(t.Field(i)), schema}}}
		}
	}
	return schema
}

func statusSchema() object {
	words := func(words []string) object { return object{{"type", "string"}, {"enum", words}} }
	return object{{"type", "object"}, {"additionalProperties", false}, {"patternProperties", object{
		{statusPattern("13"), words(undelivered)}, {statusPattern("245"), words(statusMeanings)},
	}}}
}

func textSchema(pattern string) object {
	if pattern == "" {
		return object{{"type", "string"}, {"minLength", 1}}
	}
	return object{{"type", "string"}, {"pattern", pattern}}
}

func mapSchema(t reflect.Type) object {
	of := func(names string, values object) object {
		return object{{"type", "object"}, {"propertyNames", object{{"pattern", names}}}, {"additionalProperties", values}}
	}
	if t.Elem().Kind() == reflect.String {
		return of(headerPattern, textSchema(""))
	}
	if special := testTypeSchema(t.Elem()); special != nil {
		return of(namePattern, special)
	}
	return of(namePattern, objectSchema(t.Elem()))
}

func intSchema(field reflect.StructField) object {
	if only, ok := field.Tag.Lookup("enum"); ok {
		return object{{"const", json.Number(only)}}
	}
	return numberSchema("integer", field)
}

func numberSchema(kind string, field reflect.StructField) object {
	return object{
		{"type", kind},
		{"minimum", json.Number(field.Tag.Get("min"))},
		{"maximum", json.Number(field.Tag.Get("max"))},
	}
}

// literal is a default or an example as the JSON that it means.
func literal(t reflect.Type, text string) any {
	switch t.Kind() {
	case reflect.Int, reflect.Float64:
		return json.Number(text)
	case reflect.Bool:
		return text == "true"
	case reflect.Map:
		return json.RawMessage(text)
	}
	if strings.HasPrefix(text, "{") {
		return json.RawMessage(text)
	}
	if strings.HasPrefix(text, "[") {
		return strings.Split(strings.Trim(text, "[]"), ", ")
	}
	return text
}
