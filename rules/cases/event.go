package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// overlay is what a case lays over an event.
type overlay struct {
	at      rules.Place // of the row, where it is one
	with    map[string]any
	headers []rules.TestHeader
}

// event makes an event. It reports what is wrong with it; what says whose it is.
func (r *reading) event(file *rules.TestFile, what string, from rules.TestEvent, o overlay) (*cloudevent.Event, bool) {
	if from.Sample == "" && from.File == "" && from.Inline == nil {
		return nil, false // told when the file was read
	}
	body, ok := r.text(file, what, from, o.with)
	if !ok {
		return nil, false
	}
	ev, err := parse(body, o.headers)
	if err != nil {
		at := from.Place
		if o.with != nil {
			at = o.at
		}
		r.report(file, at, rules.CodeTestEvent, fmt.Sprintf("the event of %s is not valid: %s", what, err), "")
		return nil, false
	}
	return ev, true
}

// parse reads an event as when it is sent in structured mode.
func parse(body []byte, headers []rules.TestHeader) (*cloudevent.Event, error) {
	header := map[string][]string{"Content-Type": {cloudevent.MediaTypeStructured}}
	for _, h := range headers {
		header[h.Name] = []string{h.Value}
	}
	evs, _, err := cloudevent.Parse(header, body)
	if err != nil {
		return nil, err
	}
	return evs[0], nil
}

// text is an event in the JSON format, with what is laid over it.
func (r *reading) text(file *rules.TestFile, what string, from rules.TestEvent, with map[string]any) ([]byte, bool) {
	if from.File != "" && from.With == nil && with == nil {
		return r.fileText(file, what, from)
	}
	members, ok := r.members(file, what, from, nil)
	if !ok {
		return nil, false
	}
	members = merge(members, with).(map[string]any)
	if from.File == "" {
		setDefaults(members)
	}
	return encode(members), true
}

// setDefaults gives an event that is written into a test what any event must have
// and few tests are about.
func setDefaults(members map[string]any) {
	for name, value := range map[string]string{"specversion": "1.0", "id": "test", "source": "/test"} {
		if _, ok := members[name]; !ok {
			members[name] = value
		}
	}
}

// members are the members of an event with what its own `with` lays over it. The
// samples that led here are not gone through again.
func (r *reading) members(file *rules.TestFile, what string, from rules.TestEvent, through []string) (map[string]any, bool) {
	var members map[string]any
	switch {
	case from.Sample != "":
		var ok bool
		if members, ok = r.sample(file, what, from, through); !ok {
			return nil, false
		}
	case from.File != "":
		text, ok := r.fileText(file, what, from)
		if !ok {
			return nil, false
		}
		members, _ = decode(text)
	default:
		members = maps.Clone(from.Inline)
	}
	members, _ = merge(members, from.With).(map[string]any)
	return members, true
}

// sample are the members of a sample: one of the file, or of a rule file.
func (r *reading) sample(file *rules.TestFile, what string, from rules.TestEvent, through []string) (map[string]any, bool) {
	found, where := sampleIn(file, from.Sample), file
	var also string
	for _, f := range r.rulesTests {
		if s := sampleIn(f, from.Sample); f != file && s != nil && (found == nil || where != file) {
			if found != nil {
				also = f.Name
				break
			}
			found, where = s, f
		}
	}
	switch key := where.Name + "\x00" + from.Sample; {
	case found == nil:
		r.report(file, from.Place, rules.CodeTestSample, fmt.Sprintf("%s uses the sample %q, which does not exist", what, from.Sample), r.sampleHint(file, from.Sample))
		return nil, false
	case also != "":
		r.report(file, from.Place, rules.CodeTestSample, fmt.Sprintf("%s uses the sample %q, which is in two rule files: %s and %s", what, from.Sample, where.Name, also),
			"rename one of them, or write the sample into this file")
		return nil, false
	case slices.Contains(through, key):
		r.report(file, from.Place, rules.CodeTestSample, fmt.Sprintf("%s leads back to itself: the sample %q is made of itself", what, from.Sample), "begin one of these samples with a file or an event")
		return nil, false
	default:
		return r.members(where, what, found.Event, append(through, key))
	}
}

func sampleIn(file *rules.TestFile, name string) *rules.TestSample {
	for i := range file.Samples {
		if file.Samples[i].Name == name {
			return &file.Samples[i]
		}
	}
	return nil
}

func (r *reading) sampleHint(file *rules.TestFile, name string) string {
	var known []string
	for _, f := range append(r.rulesTests[:len(r.rulesTests):len(r.rulesTests)], file) {
		for _, s := range f.Samples {
			known = append(known, s.Name)
		}
	}
	if len(known) == 0 {
		return "there are no samples yet; define one under `samples:`"
	}
	return rules.NearestName(name, known, "the samples are")
}

// fileText is the text of a file with one valid event.
func (r *reading) fileText(file *rules.TestFile, what string, from rules.TestEvent) ([]byte, bool) {
	name := fileOf(from.Place.File, from.File)
	f := r.events[name]
	if f == nil {
		f = &fileEvent{}
		r.events[name] = f
		r.loader.Files = append(r.loader.Files, name)
		f.text, f.err = readFile(name)
		if f.err != nil {
			f.err = fmt.Errorf("cannot be read: %s", plainCause(f.err))
		} else if _, err := parse(f.text, nil); err != nil {
			f.err = notOnlyData(f.text, err)
		}
	}
	if f.err == nil {
		return f.text, true
	}
	code, hint := rules.CodeTestEvent, ""
	if f.text == nil {
		code, hint = rules.CodeEventFile, "the path is taken from the directory of this file"
	}
	r.report(file, from.Place, code, fmt.Sprintf("the file %s of %s %s", name, what, f.err), hint)
	return nil, false
}

// notOnlyData says why a file has no event, and where it seems to be only the
// data of one, or several, that it is so.
func notOnlyData(text []byte, err error) error {
	members, isObject := decode(text)
	trimmed := bytes.TrimSpace(text)
	switch {
	case isObject && members["specversion"] == nil:
		return fmt.Errorf("is no event: it has no specversion. Is it only the data of one? Write `event: {type: …, data: {…}}`, or put it into the file under data")
	case bytes.HasPrefix(trimmed, []byte("[")), !isObject && bytes.HasPrefix(trimmed, []byte("{")) && bytes.Contains(trimmed, []byte("}\n{")):
		return errors.New("has several events; a test has one: give each a file of its own")
	}
	return fmt.Errorf("is no valid event: %w", err)
}

// decode reads an object, with its numbers as they are written.
func decode(text []byte) (members map[string]any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&members) != nil || members == nil || d.More() {
		return nil, false
	}
	return members, true
}

func encode(members map[string]any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(members); err != nil { // of what was read from JSON or YAML, nothing is unknown to it
		panic("cases: " + err.Error())
	}
	return b.Bytes()
}

// merge lays one value over another as a JSON merge patch (RFC 7396), without
// changing either.
func merge(under any, over map[string]any) any {
	if over == nil {
		return under
	}
	members := map[string]any{}
	if object, ok := under.(map[string]any); ok {
		maps.Copy(members, object)
	}
	for name, value := range over {
		switch value := value.(type) {
		case nil:
			delete(members, name)
		case map[string]any:
			members[name] = merge(members[name], value)
		default:
			members[name] = value
		}
	}
	return members
}
