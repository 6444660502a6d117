package index

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// odd texts, of which some are JSON.
var jsonTexts = []string{
	`{"a":1,"b":{"c":"x"},"l":[{"c":1},{"c":2},3]}`, ` [1, 2 ,3 ] `, `"x"`, `null`, `true`, `-0`, `01`, `1.`, `.5`, `1e5`, `1E+`, `"\u00e9\n\/"`,
	`"\ud83d\ude00"`, `"\ud83d"`, `"\x"`, `"` + "\n" + `"`, "\"\xff\"", `{"a":1,}`, `{"a" 1}`, `{a:1}`, `{"a":}`, `[1,]`, `[`, `]`, ``, ` `, `{}{}`,
	`{"a":{"c":1},"a":{"b":2}}`, `{"\u0061":5,"b":"\u0062"}`, `{"a":"12345678","b":"123456789012345\t"}`, `nul`, `truefalse`, `{"a":[],"b":{}}`,
	`{"a":"` + strings.Repeat("x", 40) + `é"}`, `{"l":[{"c":1,"c":2},{"c":[]}],"l":[{"c":7}]}`, `{"b":{"c":1},"b":[1]}`, "\ufeff{}", `{"a":1}x`, "{\"a\":1}\x00",
}

// FuzzScan holds the scanner to encoding/json: it accepts the same texts, and
// finds the same values.
func FuzzScan(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add([]byte(text))
	}
	x := newSlots()
	a, c := x.of(&Field{Root: Data, Path: []string{"a"}}), x.of(&Field{Root: Data, Path: []string{"b", "c"}})
	list := x.of(&Field{Root: Data, Path: []string{"l"}})
	inner := x.some(list, []string{"c"})
	bad := watch(x)
	var r reading
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) == 0 { // no JSON, and not said to be
			return
		}
		r.begin(&cloudevent.Event{DataContentType: "application/json", Data: text}, x, bad)
		r.readData()
		if valid := json.Valid(text); valid != (r.state == read) {
			t.Fatalf("%q is valid: %v, read: %v", text, valid, r.state == read)
		}
		if r.state != read {
			return
		}
		root := decoded(t, text)
		sameVal(t, text, r.get(rootSlot), root)
		object, _ := root.(map[string]any)
		compareField(t, text, r.get(a), object, "a")
		below, _ := object["b"].(map[string]any)
		compareField(t, text, r.get(c), below, "c")
		compareElements(t, text, r.each(inner), object)
	})
}

func compareElements(t *testing.T, text []byte, got []val, object map[string]any) {
	elements, _ := object["l"].([]any)
	for _, e := range elements {
		if member, ok := e.(map[string]any); ok {
			if want, ok := member["c"]; ok {
				if len(got) == 0 {
					t.Fatalf("%q: an element's value is missing", text)
				}
				sameVal(t, text, &got[0], want)
				got = got[1:]
			}
		}
	}
	if len(got) > 0 {
		t.Fatalf("%q: %d values of elements too many", text, len(got))
	}
}

func decoded(t *testing.T, text []byte) any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var root any
	if err := d.Decode(&root); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return root
}

func compareField(t *testing.T, text []byte, v *val, object map[string]any, name string) {
	if want, ok := object[name]; ok {
		sameVal(t, text, v, want)
	} else if v.kind != Absent {
		t.Fatalf("%q: %s is %+v, but it is not there", text, name, v)
	}
}

func sameVal(t *testing.T, text []byte, v *val, want any) {
	t.Helper()
	ok := false
	switch want := want.(type) {
	case nil:
		ok = v.kind == Null
	case bool:
		ok = v.kind == Bool && v.yes == want
	case string:
		ok = v.kind == String && v.str == want
	case json.Number:
		ok = v.kind == Number && v.number() == numberByBig(string(want))
	case []any:
		ok = v.kind == List
	case map[string]any:
		ok = v.kind == Object
	}
	if !ok {
		t.Fatalf("%q: %+v is not %v", text, v, want)
	}
}

// numberByBig is the value of a number by exact arithmetic.
func numberByBig(text string) Num {
	f, _ := strconv.ParseFloat(text, 64)
	if _, exponent, found := strings.Cut(strings.ToLower(text), "e"); found {
		if n, err := strconv.Atoi(exponent); err != nil || n > 400 || n < -10_000 {
			return Float(f) // not to write out its zeros
		}
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok || !r.IsInt() {
		return Float(f)
	}
	switch {
	case r.Num().IsInt64():
		return Int(r.Num().Int64())
	case r.Num().IsUint64():
		return Uint(r.Num().Uint64())
	}
	return Float(f)
}

func TestNumbersAreInOrder(t *testing.T) {
	ascending := []string{
		"-1e400", "-1e300", "-9223372036854775809", "-9223372036854775808", "-9223372036854775807", "-9007199254740993", "-9007199254740992", "-1.5", "-1", "-1e-400",
		"0.1", "0.5", "1", "1.0000000000000002", "9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775806", "9223372036854775807",
		"9223372036854775808", "9223372036854775809", "18446744073709551614", "18446744073709551615", "18446744073709551616", "1e300", "1e400",
	}
	for i, x := range ascending {
		for j, y := range ascending {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := parseNum(x).compare(parseNum(y)); got != want && !(i != j && numberByBig(x) == numberByBig(y)) {
				t.Errorf("%s and %s: %d, expected %d", x, y, got, want)
			}
		}
		if parseNum(x) != numberByBig(x) {
			t.Errorf("%s is %v, expected %v", x, parseNum(x), numberByBig(x))
		}
	}
	for _, spellings := range [][]string{{"100", "100.0", "1e2", "1E+2", "1000e-1", "0.01e4"}, {"0", "-0", "0.0", "-0.0", "0e99999999999"}, {"9007199254740993", "9007199254740993.0", "9007199254740993000e-3"}} {
		for _, s := range spellings {
			if parseNum(s) != parseNum(spellings[0]) {
				t.Errorf("%s is not %s", s, spellings[0])
			}
		}
	}
}
