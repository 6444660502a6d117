package rules

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

var jsonSeeds = []string{
	`{}`, `[]`, `null`, `true`, `false`, `0`, `-0`, `"x"`, ` {"a" : [1, 2.50, -3e2, {"b": null}] , "c":"\u00e9\n\ud83d\ude00\ud800"} `,
	`{"a":1,"a":2}`, `[1,]`, `{"a"}`, `{"a":}`, `{a:1}`, `01`, `1.`, `.5`, `1e`, `1e+`, `-`, `+1`, `tru`, `nul`, `"`, `"\x"`, `"\u12"`, "\"\x01\"",
	"\"\xff\"", `[[[[`, `]`, `{"a":1}}`, `1 2`, ``, ` `, `"\\"`, `"a\"b"`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `-9223372036854775809`,
	`18446744073709551615`, `18446744073709551616`, `1e400`, `-1e400`, `1e-400`, `1e99999999999999999999`, `0e99999999999999999999`, `1e-99999999999999999999`,
	`9007199254740993.0`, `900719925474099300e-2`, `1.10`, `12300e-2`, `12300e-3`, `0.00000000000000000001e20`, benchData,
	"\ufeff1", "{\"\":{\"\":1}}", strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001), strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000),
}

func TestJSONAgreesWithEncodingJSON(t *testing.T) {
	for _, s := range jsonSeeds {
		checkJSON(t, s)
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkJSON(t, s) })
}

func checkJSON(t *testing.T, s string) {
	t.Helper()
	var doc jsonDoc
	valid := doc.parse(s)
	if valid != json.Valid([]byte(s)) {
		t.Fatalf("%.100q: valid is %v, and %v for encoding/json", s, valid, !valid)
	}
	if !valid {
		return
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(s)))
	decoder.UseNumber()
	var want any
	if err := decoder.Decode(&want); err != nil {
		t.Fatalf("%.100q: %v", s, err)
	}
	if !sameJSON(doc.nodes[0].value(), want) {
		t.Fatalf("%.100q is read as %v, want %v", s, types.Format(doc.nodes[0].value()), want)
	}
}

func sameJSON(got ref.Val, want any) bool {
	switch want := want.(type) {
	case nil:
		return got == types.NullValue
	case bool:
		return got == types.Bool(want)
	case string:
		return got == types.String(want)
	case json.Number:
		return sameNumber(got, string(want))
	case []any:
		list, ok := got.(traits.Lister)
		if !ok || list.Size() != types.Int(len(want)) {
			return false
		}
		it := list.Iterator()
		for i := range want {
			next := it.Next()
			if list.Get(types.Int(i)).Type() != next.Type() || !sameJSON(next, want[i]) {
				return false
			}
		}
		return it.HasNext() == types.False
	case map[string]any:
		m, ok := got.(traits.Mapper)
		if !ok || m.Size() != types.Int(len(want)) {
			return false
		}
		for k, v := range want {
			if got, ok := m.Find(types.String(k)); !ok || !sameJSON(got, v) {
				return false
			}
		}
		return true
	}
	return false
}

// sameNumber checks that a whole number within 64 bits is exact and not a
// double, and everything else the nearest double.
func sameNumber(got ref.Val, text string) bool {
	if i := strings.IndexAny(text, "eE"); i >= 0 && len(text)-i > 6 {
		return true // math/big would take for ever
	}
	rat, ok := new(big.Rat).SetString(text)
	if !ok {
		return false
	}
	if rat.IsInt() && rat.Num().IsInt64() {
		return got == types.Int(rat.Num().Int64())
	}
	if rat.IsInt() && rat.Num().IsUint64() {
		return got == types.Uint(rat.Num().Uint64())
	}
	f, _ := rat.Float64()
	d, ok := got.(types.Double)
	return ok && (float64(d) == f || math.IsInf(f, 0) && math.IsInf(float64(d), 0))
}

func TestDataIsDecodedOnceAndOnlyWhenAsked(t *testing.T) {
	e := &eventValue{}
	e.reset(jsonEvent(`{"x":1}`))
	if e.decoded {
		t.Fatal("decoded before anybody asked")
	}
	if _, err := e.attribute("source"); err != nil || e.decoded {
		t.Fatal("decoded for an attribute")
	}
	first, _ := e.attribute("data")
	if second, _ := e.attribute("data"); first != second {
		t.Fatal("decoded twice")
	}
}
