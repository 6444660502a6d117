package router

import (
	"time"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// accepted is an event of the archive and when it was accepted. Rules that end
// at a time are held against that time (see [rules.Rule.Part]), and whoever asks
// again must find the same. So it is taken once, before the event is stored, and
// is stored with it: one that the loop gets in memory and one that is read back
// after a crash have the same.
type accepted struct {
	*cloudevent.Event
	at time.Time // in UTC, whole milliseconds
}

// acceptedHeader is where a stored event has its time. An older Wye did not write
// it; of what it stored, the stream's own time is taken.
const (
	acceptedHeader = "wye-accepted"
	acceptedForm   = "2006-01-02T15:04:05.000Z07:00"
)

// acceptedNow is the message that an event is stored as which is accepted now.
func acceptedNow(ev *cloudevent.Event) bus.Message {
	a := &accepted{ev, time.Now().UTC().Truncate(time.Millisecond)}
	header, data := ev.EncodeStored()
	header[acceptedHeader] = []string{a.at.Format(acceptedForm)}
	return bus.Message{ID: messageID(ev), Header: header, Data: data, Local: a}
}

// eventOf is the event in a record of the archive.
func eventOf(rec *bus.Record) (accepted, error) {
	if a, ok := rec.Local.(*accepted); ok {
		return *a, nil
	}
	if rec.Err != nil {
		return accepted{}, rec.Err
	}
	ev, err := cloudevent.DecodeStored(rec.Header, rec.Data)
	return accepted{ev, acceptedAt(rec)}, err
}

// acceptedAt is when the event of a record was accepted.
func acceptedAt(rec *bus.Record) time.Time {
	if text := rec.Header[acceptedHeader]; len(text) == 1 {
		if at, err := time.Parse(time.RFC3339Nano, text[0]); err == nil {
			return at.UTC()
		}
	}
	return rec.Time.UTC()
}
