package cloudevent_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/protocol"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// sdkEvents are events that both sides can say, with what they are here.
func sdkEvents(t *testing.T) map[string]event.Event {
	t.Helper()
	build := func(contentType string, data any, change func(*event.Event)) event.Event {
		e := event.New()
		e.SetID("A-1")
		e.SetSource("/shop")
		e.SetType("com.example.order")
		if data != nil {
			if err := e.SetData(contentType, data); err != nil {
				t.Fatal(err)
			}
		}
		change(&e)
		return e
	}
	return map[string]event.Event{
		"least": build("", nil, func(*event.Event) {}),
		"all attributes": build("application/json", map[string]any{"name": "Jörg 😀"}, func(e *event.Event) {
			e.SetSubject("orders/4711")
			e.SetTime(time.Date(2026, 4, 5, 17, 31, 0, 123456000, time.UTC))
			e.SetDataSchema("https://example.com/schema.json")
			e.SetExtension("partitionkey", "customer-17")
			e.SetExtension("urgent", true)
			e.SetExtension("weight", 12)
		}),
		"unicode": build("text/plain; charset=utf-8", "Grüße\n\"東京\"", func(e *event.Event) {
			e.SetSubject("Euro € 😀")
			e.SetExtension("city", "Zürich (東京)")
		}),
		"bytes": build("application/octet-stream", []byte{0, 1, 254, 255}, func(*event.Event) {}),
	}
}

// TestReadWhatTheSDKSends sends with the SDK's HTTP protocol over a real
// connection.
func TestReadWhatTheSDKSends(t *testing.T) {
	type message struct {
		header http.Header
		body   []byte
	}
	got := make(chan message, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- message{r.Header, body}
	}))
	defer server.Close()
	client, err := cehttp.New(cehttp.WithTarget(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range sdkEvents(t) {
		for mode, ctx := range map[string]context.Context{
			"binary":     binding.WithForceBinary(context.Background()),
			"structured": binding.WithForceStructured(context.Background()),
		} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				if err := client.Send(ctx, binding.ToMessage(&e)); !protocol.IsACK(err) {
					t.Fatal(err)
				}
				m := <-got
				compareWithSDK(t, &e, mustParse(t, m.header, m.body))
			})
		}
	}
}

// TestTheSDKReadsWhatIsWritten gives both modes and the batch to the SDK.
func TestTheSDKReadsWhatIsWritten(t *testing.T) {
	for name, e := range sdkEvents(t) {
		req := httptest.NewRequest(http.MethodPost, "/", nil)
		if err := cehttp.WriteRequest(binding.WithForceStructured(context.Background()), binding.ToMessage(&e), req); err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Fatal(err)
		}
		ours := mustParse(t, req.Header, body)
		t.Run(name+"/structured", func(t *testing.T) {
			compareWithSDK(t, sdkReads(t, contentType(cloudevent.MediaTypeStructured), ours.AppendStructured(nil)), ours)
		})
		t.Run(name+"/binary", func(t *testing.T) {
			got := sdkReads(t, ours.BinaryHeader(), ours.Data)
			if name == "unicode" {
				// The SDK leaves percent-encoded values as they are, against
				// HTTP binding section 3.1.3.2.
				if got.Subject() != "Euro%20%E2%82%AC%20%F0%9F%98%80" {
					t.Errorf("subject = %q", got.Subject())
				}
				return
			}
			compareWithSDK(t, got, ours)
		})
		t.Run(name+"/batch", func(t *testing.T) {
			resp := &http.Response{Header: contentType(cloudevent.MediaTypeBatch), Body: io.NopCloser(bytes.NewReader(cloudevent.AppendBatch(nil, []*cloudevent.Event{ours, ours})))}
			evs, err := cehttp.NewEventsFromHTTPResponse(resp)
			if err != nil || len(evs) != 2 {
				t.Fatalf("%d events, error %v", len(evs), err)
			}
			compareWithSDK(t, &evs[1], ours)
		})
	}
}

func sdkReads(t *testing.T, header http.Header, body []byte) *event.Event {
	t.Helper()
	e, err := binding.ToEvent(context.Background(), cehttp.NewMessage(header, io.NopCloser(bytes.NewReader(body))))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
	return e
}

// compareWithSDK leaves out only the types of extensions, which binary mode
// does not carry.
func compareWithSDK(t *testing.T, theirs *event.Event, ours *cloudevent.Event) {
	t.Helper()
	instant := func(at time.Time, ok bool) string {
		if !ok || at.IsZero() {
			return ""
		}
		return at.UTC().Format(time.RFC3339Nano)
	}
	at, ok := ours.Timestamp()
	want := []string{theirs.ID(), theirs.Source(), theirs.Type(), theirs.Subject(), theirs.DataContentType(), theirs.DataSchema(), string(theirs.Data()), instant(theirs.Time(), true)}
	got := []string{ours.ID, ours.Source, ours.Type, ours.Subject, ours.DataContentType, ours.DataSchema, string(ours.Data), instant(at, ok)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-sdk +ours):\n%s", diff)
	}
	if len(theirs.Extensions()) != len(ours.Extensions) {
		t.Errorf("extensions: sdk %v, ours %v", theirs.Extensions(), ours.Extensions)
	}
	for name, value := range theirs.Extensions() {
		if mine, _ := ours.Attribute(name); text(mine) != text(value) {
			t.Errorf("extension %q: sdk %v, ours %v", name, value, mine)
		}
	}
}
