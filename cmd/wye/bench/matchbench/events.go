package matchbench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// The bounds of a file of events.
const (
	maxLine   = 2 << 20   // bytes of one event; ingest takes 1 MiB by default
	maxEvents = 256 << 20 // bytes of all
)

var structured = map[string][]string{"content-type": {cloudevent.MediaTypeStructured}}

// readEvents reads a file of events in the JSON format, one a line. All of them
// have to be good: what is left out would not be measured.
func readEvents(name string) ([]*cloudevent.Event, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	defer f.Close()
	events, err := parseEvents(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return events, nil
}

func parseEvents(r io.Reader) (events []*cloudevent.Event, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	size, n := 0, 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if size += len(line); size > maxEvents {
			return nil, fmt.Errorf("line %d: there are more than %d MiB of events; measure with a part of them", n, maxEvents>>20)
		}
		parsed, _, err := cloudevent.Parse(structured, bytes.Clone(line))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		events = append(events, parsed...)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fmt.Errorf("line %d: it is longer than %d MiB; each line is one event in the JSON format", n+1, maxLine>>20)
	case err != nil:
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	case len(events) == 0:
		return nil, errors.New("there are no events in it; each line is one event in the JSON format")
	}
	return events, nil
}
