package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// describe names a value for a person: what kind of thing it is, and which
// where that is short.
func describe(v ref.Val) string {
	switch v := v.(type) {
	case types.String:
		return "the text " + quote(string(v))
	case types.Bool:
		if v {
			return "true"
		}
		return "false"
	case types.Int, types.Uint, types.Double:
		return "the number " + numberText(v)
	case types.Null:
		return "null"
	case types.Bytes:
		return "bytes"
	case types.Timestamp:
		return "a time"
	case types.Duration:
		return "a duration"
	case traits.Lister:
		return "a list"
	case traits.Mapper:
		return "an object"
	case *eventValue:
		return "the event"
	}
	return "a value"
}
