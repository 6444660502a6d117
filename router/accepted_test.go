package router

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// TestAcceptedOnce: an event that is handed over in memory and the same one read
// back from the store are of the same time.
func TestAcceptedOnce(t *testing.T) {
	ev := &cloudevent.Event{ID: "1", Source: "/shop", Type: "t", Data: []byte("x"), Headers: []cloudevent.Header{{Name: acceptedHeader, Value: "2020-01-01T00:00:00Z"}}}
	for range 1000 {
		before := time.Now().Truncate(time.Millisecond)
		m := acceptedNow(ev)
		inMemory, err := eventOf(&bus.Record{Local: m.Local})
		if err != nil || inMemory.Event != ev || inMemory.at.Before(before) || inMemory.at.After(time.Now()) {
			t.Fatalf("%v, %v", inMemory, err)
		}
		readBack, err := eventOf(&bus.Record{Header: m.Header, Data: m.Data, Time: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if !readBack.at.Equal(inMemory.at) || readBack.at != inMemory.at {
			t.Fatalf("in memory %v, read back %v", inMemory.at, readBack.at)
		}
		if diff := cmp.Diff(ev, readBack.Event); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestAcceptedByAnOlderWye: where the time was not written, that of the stream counts.
func TestAcceptedByAnOlderWye(t *testing.T) {
	stored := time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.FixedZone("", 3600))
	header, data := (&cloudevent.Event{ID: "1", Source: "/shop", Type: "t"}).EncodeStored()
	for _, text := range []string{"", "soon"} {
		if text != "" {
			header[acceptedHeader] = []string{text}
		}
		got, err := eventOf(&bus.Record{Header: header, Data: data, Time: stored})
		if err != nil || !got.at.Equal(stored) || got.at.Location() != time.UTC {
			t.Errorf("%q: %v, %v", text, got.at, err)
		}
	}
}
