package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Key tells the key of an event: a target with an [Order] gets events of one
// key one after the other. It is immutable and safe for use by many goroutines
// at once.
type Key struct {
	program *program
	plain   func(ev *cloudevent.Event) string // the same without CEL; nil where it takes CEL
	spare   evaluations
}

// Order is the key of a target's order, or nil where it has none.
func (m *Matcher) Order(target string) *Key { return m.orders[target] }

// maxKey is the length of the longest key that is kept as it is.
const maxKey = 256

// Of is the key of an event: a text that is the same for the same value, however
// that is written. It is empty where the event has none, because something that
// the key is made of is absent or null, or because the text is empty. An error
// is a real one, as in a condition.
func (k *Key) Of(ev *cloudevent.Event) (string, error) {
	if k.plain != nil {
		return short(k.plain(ev)), nil
	}
	e := k.spare.of(ev)
	defer k.spare.release(e)
	v, err := k.program.value(&e.event, e.frame)
	if err != nil {
		return "", errors.New("the order key failed: " + keyWords.Replace(plainError(err, k.program.calls)))
	}
	key, ok := keyText(v)
	if !ok {
		return "", fmt.Errorf("the order key failed: its result is %s, not a text, a number, or true or false", describe(v))
	}
	return short(key), nil
}

// keyText is a value as a key. The text is its own: that of the value may be part
// of the event's data.
func keyText(v ref.Val) (string, bool) {
	switch v := v.(type) {
	case nil, types.Null:
		return "", true
	case types.String:
		return strings.Clone(string(v)), true
	case types.Bool:
		return strconv.FormatBool(bool(v)), true
	case types.Int:
		return strconv.FormatInt(int64(v), 10), true
	case types.Uint:
		return strconv.FormatUint(uint64(v), 10), true
	case types.Double:
		return doubleText(float64(v)), true
	}
	return "", false
}

// doubleText writes a whole number as whole numbers are written, so that 3.0,
// which a division gives, and 3 are one key.
func doubleText(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) <= 1<<64 {
		return strconv.FormatFloat(f+0, 'f', 0, 64) // adding 0 makes -0 a 0
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// short is the key, or where it is long what stands for it.
func short(key string) string {
	if len(key) <= maxKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

var keyWords = strings.NewReplacer(
	"the condition", "the key", "a condition", "a key",
	"split it into two rules, or have the publisher send what is asked for as an attribute", "have the publisher send the key as an attribute",
	"split it into two rules", "have the publisher send the key as an attribute",
)

// orderKeys are what orders go by.
var orderKeys = &dialect{env: celEnv, names: conditions.names, result: isKey, words: keyWords}

// isKey refuses what cannot be a key.
func isKey(_ string, t *types.Type) []fault {
	hint := "for example event.subject"
	switch t.Kind() {
	case types.StringKind, types.BoolKind, types.IntKind, types.UintKind, types.DoubleKind, types.DynKind:
		return nil
	case types.TimestampKind, types.DurationKind, types.BytesKind:
		hint = "make a text of it with string(…)"
	case types.ListKind, types.MapKind:
		hint = "take one element of it, or put texts together with +"
	}
	return []fault{{codeKey, 0, fmt.Sprintf("the key is %s, not a text, a number, or true or false", typeWords(t.String())), hint}}
}

func newKey(text string) (*Key, []fault) {
	checked, faults := orderKeys.check(text)
	if faults != nil {
		return nil, faults
	}
	p, faults := orderKeys.plan(checked)
	if faults != nil {
		return nil, faults
	}
	return &Key{program: p, plain: plainKey(checked.NativeRep().Expr())}, nil
}

// plainKey is a key that is one attribute, as nearly all are; nil for others.
func plainKey(root ast.Expr) func(ev *cloudevent.Event) string {
	if root.Kind() != ast.SelectKind || root.AsSelect().IsTestOnly() {
		return nil
	}
	if of := root.AsSelect().Operand(); of.Kind() != ast.IdentKind || of.AsIdent() != "event" {
		return nil
	}
	switch name := root.AsSelect().FieldName(); name {
	case "subject":
		return func(ev *cloudevent.Event) string { return ev.Subject }
	case "source":
		return func(ev *cloudevent.Event) string { return ev.Source }
	case "type":
		return func(ev *cloudevent.Event) string { return ev.Type }
	case "id":
		return func(ev *cloudevent.Event) string { return ev.ID }
	case "data", "datacontenttype", "dataschema", "specversion", "time":
		return nil
	default:
		return func(ev *cloudevent.Event) string { return extensionText(ev, name) }
	}
}

func extensionText(ev *cloudevent.Event, name string) string {
	for i := range ev.Extensions {
		if x := &ev.Extensions[i]; x.Name == name {
			return x.Text()
		}
	}
	return ""
}
