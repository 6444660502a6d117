package cloudevent

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkJSON: a text is valid exactly if the standard library finds it so, it
// is UTF-8, and nests no deeper than allowed.
func checkJSON(t *testing.T, text []byte) {
	t.Helper()
	fault := jsonFault(text)
	want := json.Valid(text) && utf8.Valid(text)
	if strings.Contains(fault, "nest deeper") {
		return
	}
	if (fault == "") != want {
		t.Fatalf("%q: fault %q, valid elsewhere %v", text, fault, want)
	}
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0,0.5,1e+9,true,false,null,"\u00e4\ud83d\ude00\n"]}`, `"12345678\"2345678ä"`, `[[[]]]`, ` 1 `, `01`, `1.`, `"\x"`, "\"a\x1fb\"", `{"a":1,}`,
		`"aaaaaaaaaaaaaaaa`, `{"a" : {} , "b" : [ ] }`, "\xEF\xBB\xBF{}", `-`, `tru`, `"\ud800"`, "\"\x7f\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(checkJSON)
}

// TestPlainTextStopsWhereItMust puts every byte at every place within two
// words, beside neighbours that could blur the arithmetic.
func TestPlainTextStopsWhereItMust(t *testing.T) {
	for _, filler := range []byte{'a', ' ', '!', '#', ']', '[', '~', 0x7f} {
		for at := range 19 {
			for c := range 256 {
				text := []byte(strings.Repeat(string(rune(filler)), 19))
				text[at] = byte(c)
				want := len(text)
				if c < 0x20 || c == '"' || c == '\\' || c >= 0x80 {
					want = at
				}
				if got := plainText(text, 0); got != want {
					t.Fatalf("%q: stops at %d, want %d", text, got, want)
				}
				if plain, slow := textFault(string(text)) == "", unicodeFault(string(text)) == ""; plain != slow {
					t.Fatalf("%q: textFault %v, unicodeFault %v", text, plain, slow)
				}
			}
		}
	}
}
