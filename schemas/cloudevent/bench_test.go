package cloudevent_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/cloudevents/sdk-go/v2/binding"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"

	"github.com/wye-events/wye/schemas/cloudevent"
)

const smallData = `{"order":"o-4711","total":129.95,"items":[{"sku":"glass","fragile":true}]}`

// plainHeader is what a usual client sends for a plain event.
func plainHeader() http.Header {
	return http.Header{
		"Ce-Specversion":  {"1.0"},
		"Ce-Id":           {"9f1c2b7e-4a53-4d5e-8a39-0f6f1f0c2a11"},
		"Ce-Source":       {"https://shop.example.com/orders"},
		"Ce-Type":         {"com.example.order.placed"},
		"Content-Type":    {"application/json"},
		"Content-Length":  {"75"},
		"User-Agent":      {"Go-http-client/1.1"},
		"Accept-Encoding": {"gzip"},
	}
}

// structuredBody is an event of about 700 bytes.
var structuredBody = []byte(`{"specversion":"1.0","id":"9f1c2b7e-4a53-4d5e-8a39-0f6f1f0c2a11","source":"https://shop.example.com/orders",` +
	`"type":"com.example.order.placed","time":"2026-04-05T17:31:00.123Z","subject":"orders/4711","datacontenttype":"application/json",` +
	`"partitionkey":"customer-17","data":{"order":"o-4711","customer":{"id":"customer-17","name":"Jörg Müller","city":"Zürich"},` +
	`"items":[{"sku":"glass-12","count":2,"price":24.95,"fragile":true},{"sku":"table-3","count":1,"price":310,"fragile":false},` +
	`{"sku":"lamp-8","count":4,"price":18.5,"fragile":true}],"note":"` + strings.Repeat("leave at the door ", 6) + `","total":433.9}}`)

func mustParse(tb testing.TB, header http.Header, body []byte) *cloudevent.Event {
	tb.Helper()
	evs, _, err := cloudevent.Parse(header, body)
	if err != nil {
		tb.Fatal(err)
	}
	return evs[0]
}

func BenchmarkParse(b *testing.B) {
	structured := http.Header{"Content-Type": {cloudevent.MediaTypeStructured}}
	for _, bm := range []struct {
		name   string
		header http.Header
		body   []byte
	}{
		{"binary", plainHeader(), []byte(smallData)},
		{"structured", structured, structuredBody},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bm.body)))
			for b.Loop() {
				if _, _, err := cloudevent.Parse(bm.header, bm.body); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bm.name+"/sdk", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bm.body)))
			for b.Loop() {
				m := cehttp.NewMessage(bm.header, nopCloser{bytes.NewReader(bm.body)})
				ev, err := binding.ToEvent(context.Background(), m)
				if err == nil {
					err = ev.Validate()
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

func BenchmarkStored(b *testing.B) {
	ev := mustParse(b, plainHeader(), []byte(smallData))
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ev.EncodeStored()
		}
	})
	header, data := ev.EncodeStored()
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := cloudevent.DecodeStored(header, data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	ev := mustParse(b, http.Header{"Content-Type": {cloudevent.MediaTypeStructured}}, structuredBody)
	b.Run("binary", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ev.EachHeader(func(string, string) {})
		}
	})
	b.Run("structured", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = ev.AppendStructured(buf[:0])
		}
	})
}
