package targets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// failure names an event that a receiver did not take.
type failure struct {
	ID     string
	Source string // empty for every event with that id
	Error  string // in the receiver's words; may be empty
}

// pick fills in errs what a good answer says of each event.
func (t *httpTarget) pick(r *reply, creds *credentials, ds []Delivery, errs []error) {
	said, err := failures(r.body, r.cut)
	if err == nil {
		err = t.blame(r, creds, said, ds, errs)
	}
	if err != nil {
		a := &Answer{Status: r.status, Excerpt: creds.scrub.excerpt(r.body, r.cut)}
		fail(errs, t.named(fmt.Errorf("%w; all of the batch is sent again: %w", err, a)))
	}
}

// blame fails the events that were named, every one of them where several have
// the same name. The error is about a name that none has.
func (t *httpTarget) blame(r *reply, creds *credentials, said []failure, ds []Delivery, errs []error) error {
	for _, f := range said {
		a := &Answer{Status: r.status, Excerpt: creds.scrub.excerpt([]byte(f.Error), false)}
		err := t.named(fmt.Errorf("this event of a batch was not taken: %w", a))
		found := false
		for i := range ds {
			if e := ds[i].Event; e.ID == f.ID && (f.Source == "" || f.Source == e.Source) {
				errs[i], found = err, true
			}
		}
		if !found {
			return errors.New("the answer to a batch names a failed event that was not in it, id " +
				creds.quote(f.ID) + " of source " + creds.quote(f.Source))
		}
	}
	return nil
}

// quote is what may be shown of a receiver's word.
func (c *credentials) quote(word string) string {
	return strconv.Quote(clip(c.scrub.excerpt([]byte(word), false), 64))
}

// failures reads which events of a batch a receiver did not take, from the body
// of its good answer:
//
//	{"failures": [{"id": "a-1", "source": "/shop", "error": "why"}]}
//	{"batchItemFailures": [{"itemIdentifier": "a-1"}]}
//
// The second is what functions on AWS answer. Names are known in any letter
// case; without a source, every event with that id has failed. Any other body,
// and none, says that all were taken.
//
// An error is a body that tries to name failures and cannot be understood: who
// took that for a yes would lose events.
func failures(body []byte, cut bool) ([]failure, error) {
	body = bytes.TrimSpace(body)
	isObject := len(body) > 0 && body[0] == '{'
	switch {
	case isObject && cut:
		return nil, errLongFailures
	case isObject && json.Valid(body):
		return failuresOf(json.NewDecoder(bytes.NewReader(body)))
	case speaksOfFailures.Match(body):
		return nil, errNoObject
	}
	return nil, nil
}

// speaksOfFailures finds the name in what is no JSON object, as a name is
// written: a page that says "0 failures" in plain words names none.
var speaksOfFailures = regexp.MustCompile(`(?i)failures\\?["']`)

var (
	errLongFailures = errors.New("the answer to a batch is JSON of 64 KiB or more, too long to know which events failed; answer with less, or with nothing where none failed")
	errNoObject     = errors.New(`the answer to a batch speaks of failures and is not a JSON object; answer {"failures": [{"id": "...", "source": "..."}]}`)
)

// forms are the members that name failures, by their names in lower case.
var forms = map[string]struct {
	read func(json.RawMessage) ([]failure, bool)
	want string
}{
	"failures":          {readFailures, `[{"id": "...", "source": "..."}]`},
	"batchitemfailures": {readItemFailures, `[{"itemIdentifier": "..."}]`},
}

// failuresOf reads the members of a valid object.
func failuresOf(in *json.Decoder) (all []failure, err error) {
	seen := map[string]bool{}
	in.Token() // the brace; nothing fails in what is valid
	for in.More() {
		var value json.RawMessage
		name, _ := in.Token()
		in.Decode(&value)
		key := strings.ToLower(fmt.Sprint(name))
		form, known := forms[key]
		if !known {
			continue
		}
		some, ok := form.read(value)
		if !ok || seen[key] {
			return nil, fmt.Errorf("the answer to a batch has %s in a form that cannot be understood; answer it once, as %s", key, form.want)
		}
		seen[key] = true
		all = append(all, some...)
	}
	return all, nil
}

func readFailures(value json.RawMessage) (all []failure, ok bool) {
	var items []struct {
		ID     string
		Source string
		Error  json.RawMessage
	}
	if isNone(value) {
		return nil, true
	}
	if json.Unmarshal(value, &items) != nil {
		return nil, false
	}
	for _, item := range items {
		if item.ID == "" {
			return nil, false
		}
		all = append(all, failure{item.ID, item.Source, wordsOf(item.Error)})
	}
	return all, true
}

func readItemFailures(value json.RawMessage) (all []failure, ok bool) {
	var items []struct{ ItemIdentifier string }
	if isNone(value) {
		return nil, true
	}
	if json.Unmarshal(value, &items) != nil {
		return nil, false
	}
	for _, item := range items {
		if item.ItemIdentifier == "" {
			return nil, false
		}
		all = append(all, failure{ID: item.ItemIdentifier})
	}
	return all, true
}

// isNone is how languages write an empty list, or count one.
func isNone(value json.RawMessage) bool {
	return string(value) == "null" || string(value) == "0"
}

// wordsOf is a text as it is, and anything else as JSON.
func wordsOf(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}
