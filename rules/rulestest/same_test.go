package rulestest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/rules/rulestest"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// sums are the first digits of the SHA-256 of each set's files and events.
// Figures of two dates compare only while these stay.
var sums = map[string]string{
	"mixed-1":         "a8b2aee9b206426a",
	"mixed-1000":      "ad11d15a0bdea0df",
	"mixed-100000":    "7253ceff320de5c1",
	"hot-1000":        "f122c5f1b9794965",
	"mixed-1000+100":  "2a3a144404be6e14",
	"attributes-1000": "3a9b7f12d8080e93",
}

// TestSame holds the sets to being the same everywhere and for ever.
func TestSame(t *testing.T) {
	for _, s := range []*rulestest.Set{
		rulestest.Mixed(1), rulestest.Mixed(1000), rulestest.Mixed(100_000),
		rulestest.HotLists(1000), rulestest.MixedAndUnindexable(1000, 100), rulestest.AttributesOnly(1000),
	} {
		h := sha256.New()
		for _, f := range s.Files() {
			h.Write([]byte(f.Name))
			h.Write(f.Text)
		}
		h.Write(s.JSONLines())
		for _, ev := range s.Events {
			for _, header := range ev.Headers {
				h.Write([]byte(header.Name + header.Value))
			}
		}
		if got := hex.EncodeToString(h.Sum(nil))[:16]; got != sums[s.Name] {
			t.Errorf("%s is another set: its sum is %s, and was %s", s.Name, got, sums[s.Name])
		}
	}
}

func TestFiles(t *testing.T) {
	const most = 1 << 20
	files := rulestest.Mixed(20_000).Files()
	if len(files) < 2 {
		t.Errorf("20,000 rules are in %d files", len(files))
	}
	for _, f := range files {
		if len(f.Text) > most {
			t.Errorf("%s has %d bytes; a rule file may have %d", f.Name, len(f.Text), most)
		}
	}
}

// TestEvents holds the events to being valid, in both forms the same, and of the
// size that figures are quoted for.
func TestEvents(t *testing.T) {
	for _, c := range []struct {
		set      *rulestest.Set
		from, to int // bytes of data on average
	}{
		{rulestest.Mixed(1000), 680, 720},
		{rulestest.HotLists(1000), 680, 720},
		{rulestest.AttributesOnly(1000), 1024, 1040},
	} {
		var size int
		for i, line := range bytes.Split(bytes.TrimSuffix(c.set.JSONLines(), []byte("\n")), []byte("\n")) {
			want := *c.set.Events[i]
			size += len(want.Data)
			if !json.Valid(want.Data) {
				t.Fatalf("%s: not JSON: %s", c.set.Name, want.Data)
			}
			got, _, err := cloudevent.Parse(map[string][]string{"content-type": {cloudevent.MediaTypeStructured}}, line)
			if err != nil {
				t.Fatal(err)
			}
			want.Headers = nil
			if !reflect.DeepEqual(&want, got[0]) {
				t.Fatalf("%s: %s", c.set.Name, cmp.Diff(&want, got[0]))
			}
		}
		if mean := size / len(c.set.Events); mean < c.from || mean > c.to {
			t.Errorf("%s: %d bytes of data, expected %d to %d", c.set.Name, mean, c.from, c.to)
		}
	}
}
