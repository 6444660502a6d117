package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/go-cmp/cmp"
)

// decodeOracle decodes JSON with encoding/json to CEL's standard lists and
// maps; token by token, because the order of an object's keys decides which of
// two errors a loop over them reports.
func decodeOracle(data []byte) (ref.Val, error) {
	if !json.Valid(data) {
		return nil, errors.New("not JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decodeNext(decoder)
}

func decodeNext(d *json.Decoder) (ref.Val, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '[' {
			return decodeList(d)
		}
		return decodeObject(d)
	case json.Number:
		return oracleNumber(string(token)), nil
	case string:
		return types.String(token), nil
	case bool:
		return types.Bool(token), nil
	}
	return types.NullValue, nil
}

func decodeList(d *json.Decoder) (ref.Val, error) {
	all := []ref.Val{}
	for d.More() {
		v, err := decodeNext(d)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	_, err := d.Token()
	return types.NewRefValList(types.DefaultTypeAdapter, all), err
}

func decodeObject(d *json.Decoder) (ref.Val, error) {
	var m orderedMap
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := decodeNext(d)
		if err != nil {
			return nil, err
		}
		m.set(key.(string), v)
	}
	_, err := d.Token()
	return m.value(), err
}

// orderedMap is CEL's standard map, with an order.
type orderedMap struct {
	traits.Mapper
	keys    []string
	members map[string]any
}

// set adds a member in place of one of the same name, which is forgotten with
// its place.
func (m *orderedMap) set(key string, v ref.Val) {
	if m.members == nil {
		m.members = map[string]any{}
	}
	if _, twice := m.members[key]; twice {
		m.keys = slices.DeleteFunc(m.keys, func(k string) bool { return k == key })
	}
	m.keys = append(m.keys, key)
	m.members[key] = v
}

func (m *orderedMap) value() ref.Val {
	m.Mapper = types.NewStringInterfaceMap(types.DefaultTypeAdapter, m.members)
	return m
}

// Iterator implements traits.Iterable.
func (m *orderedMap) Iterator() traits.Iterator {
	return types.NewStringList(types.DefaultTypeAdapter, m.keys).Iterator()
}

// oracleNumber is decision 1 of numbers.go: whole and within 64 bits is an int
// or uint, all else the nearest double.
func oracleNumber(text string) ref.Val {
	const slow = 20_000 // digits, which big numbers are slow at
	if at := strings.IndexAny(text, "eE"); at >= 0 && strings.Trim(text[:at], "-0.") == "" {
		return types.Int(0)
	} else if at >= 0 {
		if exponent, err := strconv.Atoi(text[at+1:]); err != nil || exponent > slow || exponent < -slow {
			return nearestDouble(text)
		}
	}
	rat, ok := new(big.Rat).SetString(text)
	switch {
	case !ok:
		return types.NewErr("not a number: %s", text)
	case rat.IsInt() && rat.Num().IsInt64():
		return types.Int(rat.Num().Int64())
	case rat.IsInt() && rat.Num().IsUint64():
		return types.Uint(rat.Num().Uint64())
	}
	return nearestDouble(text)
}

func nearestDouble(text string) ref.Val {
	f, _ := strconv.ParseFloat(text, 64)
	return types.Double(f)
}

func TestOracleNumbers(t *testing.T) {
	for text, want := range map[string]ref.Val{
		"0": types.Int(0), "-0": types.Int(0), "-0.0": types.Int(0), "0e99999999999999999999": types.Int(0),
		"100": types.Int(100), "100.0": types.Int(100), "1e2": types.Int(100), "0.1e1": types.Int(1), "12300e-2": types.Int(123),
		"0.5": types.Double(0.5), "12300e-3": types.Double(12.3), "1e-400": types.Double(0),
		"9007199254740993": types.Int(9007199254740993), "9007199254740993.0": types.Int(9007199254740993),
		"9223372036854775808": types.Uint(1 << 63), "18446744073709551615": types.Uint(1<<64 - 1),
		"18446744073709551616": types.Double(1 << 64), "-9223372036854775809": types.Double(-1 << 63),
	} {
		if got := oracleNumber(text); got != want {
			t.Errorf("%s is %v, want %v", text, types.Format(got), types.Format(want))
		}
	}
}

// TestOracleDecodes what encoding/json decodes.
func TestOracleDecodes(t *testing.T) {
	for _, s := range jsonSeeds {
		if strings.Contains(s, "99999999999") || strings.Contains(s, "e400") || len(s) > 10_000 {
			continue
		}
		var want any
		if json.Unmarshal([]byte(s), &want) != nil {
			continue
		}
		got, err := decodeOracle([]byte(s))
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if diff := cmp.Diff(want, plainValue(got)); diff != "" {
			t.Errorf("%s: %s", s, diff)
		}
	}
}

// plainValue is a value as encoding/json decodes it.
func plainValue(v ref.Val) any {
	switch v := v.(type) {
	case types.Null:
		return nil
	case types.Int:
		return float64(v)
	case types.Uint:
		return float64(v)
	case *orderedMap:
		all := map[string]any{}
		for _, k := range v.keys {
			all[k] = plainValue(v.members[k].(ref.Val))
		}
		return all
	case traits.Lister:
		all := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			all = append(all, plainValue(it.Next()))
		}
		return all
	}
	return v.Value()
}
