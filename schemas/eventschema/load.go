package eventschema

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Set is the schemas that are known, one an event type. It is not changed once
// it is read.
type Set struct {
	byType map[string]*Schema // nil for a type whose schema cannot be used
}

// Schema is what is known of the data of one event type.
type Schema struct {
	Type   string
	File   string
	schema *jsonschema.Schema
}

// Fault is something wrong with a schema file.
type Fault struct {
	File         string
	Line, Column int // from 1; 0 where the whole file is meant
	Message      string
	Hint         string
	Source       string // the text of the line
}

// Bounds of a schema file.
const (
	maxSize  = 1 << 20
	maxDepth = 100
)

// Load reads the *.json files of a directory, not of those in it. There is a fault
// for each file that cannot be used: of its type it is known that there is one,
// and nothing else.
func Load(dir string) (*Set, []Fault) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, []Fault{unreadable(dir, err)}
	}
	set, faults := &Set{byType: map[string]*Schema{}}, []Fault(nil)
	for _, e := range entries {
		name, isJSON := strings.CutSuffix(e.Name(), ".json")
		if !isJSON || strings.HasPrefix(name, ".") || e.IsDir() {
			continue
		}
		schema, fault := load(filepath.Join(dir, e.Name()), name)
		if fault != nil {
			faults = append(faults, *fault)
		}
		set.byType[name] = schema
	}
	if len(set.byType) == 0 && len(faults) == 0 {
		faults = []Fault{{File: dir, Message: "the directory has no schemas of events", Hint: "a schema is named after its event type, for example com.example.order.placed.json"}}
	}
	return set, faults
}

// Types are the event types that there are, sorted.
func (s *Set) Types() []string { return slices.Sorted(maps.Keys(s.byType)) }

// Of is the schema of an event type, nil where none is known or can be used.
func (s *Set) Of(eventType string) *Schema { return s.byType[eventType] }

// Valid is nil for data that the schema allows, as [jsonschema.UnmarshalJSON]
// reads it.
func (s *Schema) Valid(data any) error { return s.schema.Validate(data) }

func unreadable(name string, err error) Fault {
	var pathErr *os.PathError
	switch {
	case errors.Is(err, os.ErrNotExist):
		return Fault{File: name, Message: "there is no such file or directory", Hint: "look at the path; it is taken from the working directory"}
	case errors.As(err, &pathErr):
		err = pathErr.Err
	}
	return Fault{File: name, Message: fmt.Sprintf("it cannot be read: %s", err)}
}

func load(name, eventType string) (*Schema, *Fault) {
	text, err := read(name)
	if err != nil {
		f := unreadable(name, err)
		return nil, &f
	}
	return Parse(name, eventType, text)
}

func read(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSize+1))
}

// ownURL is the name by which a schema knows itself.
const ownURL = "https://schema.invalid/schema.json"

// Parse makes a schema of the text of a file.
func Parse(name, eventType string, text []byte) (*Schema, *Fault) {
	at := document{name: name, text: text}
	if f := at.fault(); f != nil {
		return nil, f
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		return nil, at.syntax(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource(ownURL, value); err != nil {
		return nil, at.refused(err)
	}
	schema, err := compiler.Compile(ownURL)
	if err != nil {
		return nil, at.refused(err)
	}
	return &Schema{Type: eventType, File: name, schema: schema}, nil
}

// noLoader fetches nothing.
type noLoader struct{}

var errElsewhere = errors.New("not in this file")

// Load implements jsonschema.URLLoader.
func (noLoader) Load(string) (any, error) { return nil, errElsewhere }
