package rules

import "gopkg.in/yaml.v3"

// Place is where something stands in a rule file. Line and column count from
// 1, in characters.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`

	// How it is written there, for the places inside of it: the text of the
	// file, which all places in it share, and the style of the scalar.
	text  string
	style yaml.Style
}

func newPlace(f *file, n *yaml.Node) Place {
	return Place{File: f.name, Line: n.Line, Column: n.Column, text: f.text, style: n.Style}
}

// Equal reports whether two places are the same in files of the same name.
func (p Place) Equal(other Place) bool {
	return p.File == other.File && p.Line == other.Line && p.Column == other.Column
}

// inside finds the characters of a scalar that stands at the place. The lines
// are those of its file.
func (p Place) inside(value string, f *file) places {
	return scalarPlaces(f, &yaml.Node{Kind: yaml.ScalarNode, Style: p.style, Line: p.Line, Column: p.Column, Value: value})
}
