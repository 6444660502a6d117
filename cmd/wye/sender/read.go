package sender

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// Fault is something wrong with an event that was to be sent.
type Fault struct {
	Place  string
	Reason string
}

func (f Fault) Error() string { return f.Place + ": " + f.Reason }

// Faults is everything that is wrong with the events of some files.
type Faults []Fault

// mostFaults bounds how many are told: they tend to be the same one.
const mostFaults = 20

func (fs Faults) Error() string {
	var lines []string
	for _, f := range fs[:min(len(fs), mostFaults)] {
		lines = append(lines, f.Error())
	}
	if more := len(fs) - mostFaults; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// Read reads the events of files, of the *.json, *.jsonl and *.ndjson files of
// directories (in order of name), and, for "-", of stdin. A file holds events
// in the CloudEvents JSON format: one, an array, or one after the other, as in
// JSON lines.
//
// What is wrong with the events is a [Faults]; any other error says that a file
// cannot be read.
func Read(paths []string, stdin io.Reader) ([]Item, error) {
	var items []Item
	var faults Faults
	for _, path := range paths {
		names, err := filesOf(path)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			more, bad, err := readFile(name, stdin)
			if err != nil {
				return nil, err
			}
			items, faults = append(items, more...), append(faults, bad...)
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return items, nil
}

// filesOf are the files that a path stands for.
func filesOf(path string) ([]string, error) {
	if path == Stdin {
		return []string{path}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && slices.Contains([]string{".json", ".jsonl", ".ndjson"}, filepath.Ext(e.Name())) {
			names = append(names, filepath.Join(path, e.Name()))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: the directory has no *.json, *.jsonl or *.ndjson files", path)
	}
	return names, nil
}

func unreadable(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: there is no such file or directory", path)
	}
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("%s: it cannot be read: %w", path, err)
}

func readFile(name string, stdin io.Reader) (items []Item, faults Faults, err error) {
	r, shown := stdin, "stdin"
	if name != Stdin {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, unreadable(name, err)
		}
		defer f.Close()
		r, shown = f, name
	}
	for it, err := range Events(shown, r) {
		fault := Fault{}
		switch {
		case err == nil:
			items = append(items, it)
		case errors.As(err, &fault):
			faults = append(faults, fault)
		default:
			return nil, nil, err
		}
	}
	if len(items)+len(faults) == 0 {
		faults = Faults{{shown, "there are no events in it"}}
	}
	return items, faults, nil
}

// Events reads events as they come. An error that is a [Fault] is one bad
// event, and after it there may be more; any other ends it.
func Events(name string, r io.Reader) Source {
	return func(yield func(Item, error) bool) {
		lines := &lineCounter{r: r, line: 1}
		dec := json.NewDecoder(lines)
		for {
			var value json.RawMessage
			err := dec.Decode(&value)
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Item{}, readError(name, lines, err))
				return
			}
			start := dec.InputOffset() - int64(len(value))
			line, _ := lines.at(start)
			if !eachEvent(name, line, value, yield) {
				return
			}
			lines.forget(start)
		}
	}
}

// readError is a fault of the text's syntax, or the failure to read it.
func readError(name string, lines *lineCounter, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		line, column := lines.at(lines.read)
		return Fault{fmt.Sprintf("%s:%d:%d", name, line, column), "the JSON ends too early: a bracket, brace or quote is not closed"}
	case errors.As(err, &syntax):
		line, column := lines.at(syntax.Offset - 1)
		return Fault{fmt.Sprintf("%s:%d:%d", name, line, column), "it is not valid JSON: " + syntax.Error()}
	}
	return unreadable(name, err)
}

// eachEvent takes one JSON value apart: an event, or an array of them.
func eachEvent(name string, line int, value []byte, yield func(Item, error) bool) bool {
	if value[0] != '[' {
		return yield(parse(fmt.Sprintf("%s:%d", name, line), value))
	}
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.Token() // the bracket: the value is known to be valid
	for dec.More() {
		var member json.RawMessage
		if err := dec.Decode(&member); err != nil {
			return yield(Item{}, err)
		}
		before := value[:dec.InputOffset()-int64(len(member))]
		if !yield(parse(fmt.Sprintf("%s:%d", name, line+bytes.Count(before, []byte{'\n'})), member)) {
			return false
		}
	}
	return true
}

var structured = map[string][]string{"Content-Type": {cloudevent.MediaTypeStructured}}

// parse reads one event in the JSON format, also out of a dead letter.
func parse(place string, text []byte) (Item, error) {
	evs, _, err := cloudevent.Parse(structured, text)
	if ev, ok := InDeadLetter(text); err != nil && ok {
		evs, _, err = cloudevent.Parse(structured, ev)
	}
	if err != nil {
		return Item{}, Fault{place, err.Error()}
	}
	return Item{Event: evs[0], Place: place}, nil
}

// InDeadLetter gives the event of what `wye dead export` writes, a line a dead
// letter; ok is false for everything else.
func InDeadLetter(text []byte) (event []byte, ok bool) {
	if !bytes.HasPrefix(text, []byte(`{"number":`)) {
		return nil, false
	}
	var letter struct {
		Event json.RawMessage `json:"event"`
	}
	if json.Unmarshal(text, &letter) != nil || len(letter.Event) == 0 {
		return nil, false
	}
	return letter.Event, true
}
