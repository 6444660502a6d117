package index

import "strings"

// Op is what an [Expr] does.
type Op uint8

// How tests are put together, and the kinds of tests.
const (
	And       Op = iota // Kids
	Or                  // Kids
	Not                 // Kids[0]
	Constant            // true, or with Flags NotTrue false
	Equal               // Field is one of Values; never fails
	Between             // Field is a number (or a time) from Values[0] to Values[1], by Flags
	TextOrder           // Field is a text before or after Values[0], by Flags
	HasPrefix           // Field is a text that begins with Values[0]
	HasSuffix           // Field is a text that ends with Values[0]
	Contains            // Field is a text with Values[0] in it
	Fits                // Field is a text of which Pattern says yes
	Exists              // Field is there
	IsTrue              // Field itself
	SomeEqual           // an element of the list Field, or what is at Inner in it, is one of Values
	Compute             // Calc; absent where Field (if any) is
	Unknown             // what only the caller can evaluate; absent where Field (if any) is
)

// Flags refine an [Op].
type Flags uint8

// Flags of Constant, Between and TextOrder.
const (
	NotTrue  Flags = 1 << iota // Constant: false
	HasLow                     // Between: Values[0] is the low end; TextOrder: the text comes after Values[0]
	HasHigh                    // Between: Values[1] is the high end; TextOrder: the text comes before Values[0]
	OpenLow                    // the low end itself is outside
	OpenHigh                   // the high end itself is outside
)

// Expr is a condition: a tree of tests. It is not changed once an index has
// seen it. Fields and patterns may be shared between expressions, and had
// better be.
type Expr struct {
	Op      Op
	Flags   Flags
	Kids    []*Expr
	Field   *Field
	Inner   []string
	Values  []Value
	Pattern *Pattern
	Calc    *Calc
}

// Pattern is a question about a text that an index does not understand.
type Pattern struct {
	Key    string                      // the same for the same question
	Prefix string                      // what every text that fits begins with
	Fits   func(string) (yes, ok bool) // not ok: only the caller can tell
}

// Root is where a field is.
type Root uint8

// Where fields are.
const (
	Attribute Root = iota // of CloudEvents
	Extension
	Header
	Data
)

// Field names something in an event: an attribute, an extension or a header by
// its name, or a value in the data by the names on the way to it.
type Field struct {
	Root Root
	Name string
	Path []string
}

// key is the field as one text, for interning.
func (f *Field) key() string {
	return string('0'+rune(f.Root)) + f.Name + "\x00" + strings.Join(f.Path, "\x00")
}

// required reports whether every event has the field.
func (f *Field) required() bool {
	if f.Root != Attribute {
		return false
	}
	switch f.Name {
	case "type", "id", "source", "specversion":
		return true
	}
	return false
}
