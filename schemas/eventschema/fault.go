package eventschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// document is a schema file to point into.
type document struct {
	name string
	text []byte
}

// at is a fault at an offset of the text.
func (d document) at(offset int, text, hint string) *Fault {
	offset = min(max(offset, 0), len(d.text))
	before := d.text[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	from := bytes.LastIndexByte(before, '\n') + 1
	rest, _, _ := bytes.Cut(d.text[from:], []byte("\n"))
	f := &Fault{File: d.name, Line: line, Column: len([]rune(string(before[from:]))) + 1, Message: text, Hint: hint}
	const longest = 16 << 10
	if len(rest) < longest {
		f.Source = strings.ToValidUTF8(strings.TrimSuffix(string(rest), "\r"), "\uFFFD")
	}
	return f
}

// fault is what is wrong with the file before anything is made of it.
func (d document) fault() *Fault {
	if len(d.text) > maxSize {
		return &Fault{File: d.name, Message: fmt.Sprintf("the file is larger than %d bytes (1 MiB)", maxSize)}
	}
	depth := 0
	dec := json.NewDecoder(bytes.NewReader(d.text))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return d.syntax(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > maxDepth {
				return d.at(int(dec.InputOffset())-1, fmt.Sprintf("the schema is nested more than %d levels deep", maxDepth), "put parts of it under $defs")
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

func (d document) syntax(err error) *Fault {
	offset := len(d.text)
	var syntax *json.SyntaxError
	if whole := json.Unmarshal(d.text, new(any)); whole != nil { // knows better where
		err = whole
	}
	if errors.As(err, &syntax) {
		offset = int(syntax.Offset) - 1
	}
	return d.at(offset, "this is not valid JSON", "a schema is one JSON value; look for a comma, a quote or a bracket that is missing or too many")
}

// refused is why a schema cannot be used, in plain words.
func (d document) refused(err error) *Fault {
	var (
		invalid *jsonschema.SchemaValidationError
		load    *jsonschema.LoadURLError
		pointer *jsonschema.JSONPointerNotFoundError
		anchor  *jsonschema.AnchorNotFoundError
		pattern *jsonschema.InvalidRegexError
		draft   *jsonschema.UnsupportedDraftError
	)
	switch {
	case errors.As(err, &invalid):
		var v *jsonschema.ValidationError
		if errors.As(invalid.Err, &v) {
			v = deepest(v)
			return d.at(d.offset(v.InstanceLocation), fmt.Sprintf("this is not a JSON Schema: %s", v.ErrorKind.LocalizedString(message.NewPrinter(language.English))),
				"look at what the keyword may be")
		}
	case errors.As(err, &load):
		return d.at(d.reference(load.URL), "this leads out of the file, and nothing is fetched", "put what it leads to under $defs of this file, and write \"$ref\": \"#/$defs/name\"")
	case errors.As(err, &pointer):
		return d.at(d.reference(pointer.URL), "what this leads to is not there", "define it under $defs")
	case errors.As(err, &anchor):
		return d.at(d.reference(anchor.Reference), "what this leads to is not there", "define it under $defs")
	case errors.As(err, &pattern):
		return d.at(d.offset(segments(pattern.URL)), fmt.Sprintf("%q is not a regular expression that is known here", pattern.Regex), "the syntax is RE2: https://github.com/google/re2/wiki/Syntax")
	case errors.As(err, &draft):
		return d.at(d.offset([]string{"$schema"}), "this draft of JSON Schema is not known", "write \"$schema\": \"https://json-schema.org/draft/2020-12/schema\", or leave it out")
	}
	return &Fault{File: d.name, Message: "this is not a JSON Schema that can be used"}
}

// deepest is the most exact of the reasons.
func deepest(v *jsonschema.ValidationError) *jsonschema.ValidationError {
	best := v
	for _, cause := range v.Causes {
		if one := deepest(cause); len(one.InstanceLocation) >= len(best.InstanceLocation) && (best == v || len(one.InstanceLocation) > len(best.InstanceLocation)) {
			best = one
		}
	}
	return best
}

// segments are the names in the fragment of a URL.
func segments(location string) []string {
	_, fragment, _ := strings.Cut(location, "#")
	if fragment, err := url.PathUnescape(fragment); err == nil && fragment != "" {
		parts := strings.Split(strings.TrimPrefix(fragment, "/"), "/")
		for i := range parts {
			parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(parts[i])
		}
		return parts
	}
	return nil
}

// reference is where a $ref stands that leads somewhere.
func (d document) reference(to string) int {
	file, fragment, _ := strings.Cut(strings.TrimPrefix(to, ownURL), "#")
	for _, written := range []string{to, file, file[strings.LastIndexByte(file, '/')+1:], "#" + fragment} {
		if written == "" || written == "#" {
			continue
		}
		if i := bytes.Index(d.text, []byte(`"`+written)); i >= 0 {
			return i
		}
	}
	return 0
}

// offset is where a value stands, by the names on the way to it.
func (d document) offset(path []string) int {
	dec := json.NewDecoder(bytes.NewReader(d.text))
	for _, name := range path {
		if !step(dec, name) {
			break
		}
	}
	at := int(dec.InputOffset())
	for at < len(d.text) && strings.ContainsRune(" \t\r\n:,", rune(d.text[at])) {
		at++
	}
	return at
}

// step goes to a member of the object, or an element of the list, that comes
// next.
func step(dec *json.Decoder, name string) bool {
	open, err := dec.Token()
	if err != nil {
		return false
	}
	switch open {
	case json.Delim('{'):
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return false
			}
			if key == name {
				return true
			}
			var skipped json.RawMessage
			if dec.Decode(&skipped) != nil {
				return false
			}
		}
	case json.Delim('['):
		n, err := strconv.Atoi(name)
		for i := 0; err == nil && dec.More(); i++ {
			if i == n {
				return true
			}
			var skipped json.RawMessage
			err = dec.Decode(&skipped)
		}
	}
	return false
}
