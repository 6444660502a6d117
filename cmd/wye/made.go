package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/wye-events/wye/cmd/wye/sender"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// madeEvent is an event that is made of flags.
type madeEvent struct{ eventType, source, id, subject, data string }

func (m *madeEvent) flags(fs *pflag.FlagSet) {
	fs.StringVar(&m.eventType, "type", "", "make an event of this type and send it")
	fs.StringVar(&m.source, "source", "/wye/send", "its source")
	fs.StringVar(&m.id, "id", "", "its id (default a new one)")
	fs.StringVar(&m.subject, "subject", "", "its subject")
	fs.StringVar(&m.data, "data", "", "its data, or @FILE: JSON, or else text")
}

// wanted tells whether one of the flags was given.
func (m *madeEvent) wanted(fs *pflag.FlagSet) bool {
	return slices.ContainsFunc([]string{"type", "source", "id", "subject", "data"}, fs.Changed)
}

// items is the event, checked as one from a file is.
func (m *madeEvent) items() ([]sender.Item, error) {
	if m.eventType == "" {
		return nil, errors.New("an event needs a --type, such as com.example.order.placed")
	}
	ev := &cloudevent.Event{ID: m.id, Source: m.source, Type: m.eventType, Subject: m.subject, Time: time.Now().UTC().Format(time.RFC3339Nano)}
	if ev.ID == "" {
		ev.ID = sender.NewID()
	}
	if err := m.setData(ev); err != nil {
		return nil, err
	}
	header := map[string][]string{"Content-Type": {cloudevent.MediaTypeStructured}}
	evs, _, err := cloudevent.Parse(header, ev.AppendStructured(nil))
	if err != nil {
		return nil, fmt.Errorf("the event is not valid: %w", err)
	}
	return []sender.Item{{Event: evs[0], Place: "the event"}}, nil
}

func (m *madeEvent) setData(ev *cloudevent.Event) error {
	if m.data == "" {
		return nil
	}
	ev.Data = []byte(m.data)
	if name, ok := strings.CutPrefix(m.data, "@"); ok {
		data, err := os.ReadFile(name)
		if err != nil {
			return failed(fmt.Errorf("--data: %w", err))
		}
		ev.Data = data
	}
	ev.DataContentType = "text/plain; charset=utf-8"
	if json.Valid(ev.Data) {
		ev.DataContentType = "application/json"
	}
	return nil
}
