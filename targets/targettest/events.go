package targettest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

// Events are events that targets get wrong, by what is special about them.
func Events() map[string]*cloudevent.Event {
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	return map[string]*cloudevent.Event{
		"least": event("least"),
		"every attribute": with(event("every"), func(e *cloudevent.Event) {
			e.Subject, e.Time = "order/10042", "2026-08-01T12:00:00.123456789+02:00"
			e.DataContentType, e.DataSchema = "application/json; charset=utf-8", "https://example.com/schemas/order"
			e.Extensions = []cloudevent.Extension{
				{Name: "flag", Value: true}, {Name: "number", Value: int32(-7)},
				{Name: "traceparent", Value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
			}
			e.Data = []byte(`{"total":120}`)
		}),
		"unicode, quotes and percent signs": with(event("Euro € 😀"), func(e *cloudevent.Event) {
			e.Subject = `a "b" 100% c\d; e=f, g`
			e.Extensions = []cloudevent.Extension{{Name: "place", Value: " Zürich %41 "}}
		}),
		"JSON as it was written": with(event("json"), func(e *cloudevent.Event) {
			e.DataContentType = "application/json"
			e.Data = []byte("{\"b\" : 1.0, \"a\":1e2,\n \"big\":12345678901234567890, \"esc\":\"\\u20ac\\/\"}")
		}),
		"JSON null":    withData("null", "application/json", []byte("null")),
		"text":         withData("text", "text/plain; charset=utf-8", []byte("line 1\r\nline 2 €\n")),
		"every byte":   withData("bytes", "application/octet-stream", everyByte),
		"a type alone": withData("no-data", "application/json", nil),
		"a mebibyte":   withData("large", "application/octet-stream", bytes.Repeat([]byte("0123456789abcdef"), 1<<16)),
	}
}

func event(id string) *cloudevent.Event {
	return &cloudevent.Event{ID: id, Source: "/shop/checkout", Type: "com.example.order.placed"}
}

func with(e *cloudevent.Event, f func(*cloudevent.Event)) *cloudevent.Event {
	f(e)
	return e
}

func withData(id, contentType string, data []byte) *cloudevent.Event {
	e := event(id)
	e.DataContentType, e.Data = contentType, data
	return e
}

// Delivery is the n-th delivery of a test.
func Delivery(n int, e *cloudevent.Event) targets.Delivery {
	return targets.Delivery{
		ID: fmt.Sprintf("%d/a-rule/a-target", n), Event: e, Sequence: uint64(n),
		Rule: "a-rule", Target: "a-target", Version: "v1", Attempt: 1,
	}
}

// same compares what was sent with what arrived.
func (k Kind) same(t *testing.T, sent, got *cloudevent.Event) {
	t.Helper()
	for _, f := range []struct{ name, sent, got string }{
		{"id", sent.ID, got.ID}, {"source", sent.Source, got.Source}, {"type", sent.Type, got.Type},
		{"subject", sent.Subject, got.Subject}, {"time", sent.Time, got.Time},
		{"datacontenttype", sent.DataContentType, got.DataContentType}, {"dataschema", sent.DataSchema, got.DataSchema},
		{"extensions", k.extensions(sent), k.extensions(got)},
	} {
		if f.sent != f.got {
			t.Errorf("%s: sent %q, arrived %q", f.name, f.sent, f.got)
		}
	}
	if !bytes.Equal(sent.Data, got.Data) {
		t.Errorf("data: sent %d bytes, arrived %d: %.80q", len(sent.Data), len(got.Data), got.Data)
	}
}

func (k Kind) extensions(e *cloudevent.Event) string {
	var b strings.Builder
	for _, x := range e.Extensions {
		if k.TypedExtensions {
			fmt.Fprintf(&b, "%s=%T:%v\n", x.Name, x.Value, x.Value)
		} else {
			fmt.Fprintf(&b, "%s=%v\n", x.Name, x.Value)
		}
	}
	return b.String()
}

// copied is a copy that shares nothing.
func copied(e *cloudevent.Event) *cloudevent.Event {
	c := *e
	c.Data, c.Extensions, c.Headers = bytes.Clone(e.Data), slices.Clone(e.Extensions), slices.Clone(e.Headers)
	return &c
}
