package eventschema

import (
	"fmt"
	"strings"
	"testing"
)

const order = `{
  "$defs": {"money": {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}}},
  "type": "object",
  "required": ["total", "price"],
  "properties": {
    "total": {"type": "integer"},
    "price": {"$ref": "#/$defs/money"},
    "status": {"enum": ["open", "paid"]},
    "tags": {"type": "array", "items": {"type": "string"}},
    "pair": {"prefixItems": [{"type": "string"}, {"type": "number"}]},
    "self": {"$ref": "#"},
    "labels": {"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": {"type": "boolean"}},
    "way": {"oneOf": [{"properties": {"a": {"const": 1}}, "additionalProperties": false}, {"properties": {"b": {"const": 2}}, "additionalProperties": false}]},
    "both": {"allOf": [{"type": ["string", "number"]}, {"type": ["string", "null"]}]},
    "if": {"if": {"properties": {"k": {"const": 1}}}, "then": {"properties": {"t": {"type": "string"}}}},
    "shut": {"properties": {"a": true}, "unevaluatedProperties": false},
    "never": false
  }
}`

// words are what a place says, in a line.
func (p Place) words() string {
	var words []string
	for i, name := range []string{"null", "bool", "number", "text", "list", "object"} {
		if p.Kinds&(1<<i) != 0 {
			words = append(words, name)
		}
	}
	text := strings.Join(words, "|")
	if p.Kinds == Any {
		text = "any"
	}
	for word, is := range map[string]bool{" closed": p.Closed} {
		if is {
			text += word
		}
	}
	if p.Required {
		text += " required"
	}
	if !p.Told && !p.Closed {
		text += " untold"
	}
	if p.Values != nil {
		text += fmt.Sprint(" ", p.Values)
	}
	return strings.TrimSpace(text)
}

func TestAt(t *testing.T) {
	s, fault := Parse("order.json", "order", []byte(order))
	if fault != nil {
		t.Fatal(fault)
	}
	for path, want := range map[string]string{
		"":                "object required",
		"total":           "number required",
		"price":           "object required",
		"price amount":    "number required",
		"price currency":  "any untold",
		"status":          "text [open paid]",
		"tags":            "list",
		"tags []":         "text",
		"tags x":          "closed",
		"total x":         "closed",
		"pair []":         "any untold",
		"self self total": "number",
		"labels x-a":      "text",
		"labels other":    "bool",
		"way a":           "number [1]",
		"way b":           "number [2]",
		"way c":           "closed",
		"both":            "text",
		"if t":            "any",
		"if u":            "any untold",
		"shut a":          "any",
		"shut b":          "closed",
		"more":            "any untold",
		"more of it":      "any untold",
	} {
		if got := s.At(strings.Fields(path)...).words(); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if names := s.At("price", "currency").Names; len(names) != 1 || names[0] != "amount" {
		t.Error(names)
	}
}

// TestReferencesThatNeverEnd are answered at once.
func TestReferencesThatNeverEnd(t *testing.T) {
	for _, text := range []string{
		`{"$ref": "#"}`,
		`{"anyOf": [{"$ref": "#"}, {"type": "string"}]}`,
		`{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}`,
		`{"allOf": [` + strings.Repeat(`{"anyOf": [{"type": "string"}, {"type": "number"}]},`, 40) + `{}]}`,
	} {
		s, fault := Parse("a.json", "a", []byte(text))
		if fault != nil {
			t.Fatal(fault)
		}
		if p := s.At("x", "y"); p.Closed {
			t.Errorf("%.60s: %+v", text, p)
		}
	}
}
