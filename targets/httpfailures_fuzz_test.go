package targets

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzFailures: an answer that lists failures where they are looked for never
// passes for one that lists none.
func FuzzFailures(f *testing.F) {
	for _, seed := range []string{
		`{"failures":[{"id":"a","source":"/b","error":"why"}]}`, `{"batchItemFailures":[{"itemIdentifier":"a"}],"x":{"failures":1}}`,
		`{"failures":[],"Failures":[1]}`, `{"failures":0}`, `{"\u0066ailures":[{"id":"a"}]}`, "\ufeff{}", `[{"failures":[{}]}]`, `{"failures":[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		said, err := failures(body, false)
		var object map[string]json.RawMessage
		if json.Unmarshal(body, &object) != nil {
			return
		}
		for name, value := range object {
			var items []json.RawMessage
			if _, known := forms[strings.ToLower(name)]; known && json.Unmarshal(value, &items) == nil && len(items) > 0 && err == nil && len(said) == 0 {
				t.Errorf("%s passes for a batch that was taken", body)
			}
		}
	})
}
