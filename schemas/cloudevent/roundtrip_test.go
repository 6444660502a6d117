package cloudevent_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// checkRoundTrips writes an event in every form and reads it back.
func checkRoundTrips(t *testing.T, e *cloudevent.Event) {
	t.Helper()
	checkStored(t, e)
	checkStructured(t, e)
	checkBinary(t, e)
}

// checkStored: the stored form brings back all of it.
func checkStored(t *testing.T, e *cloudevent.Event) {
	t.Helper()
	header, data := e.EncodeStored()
	size := 0
	for name, values := range header {
		size += len(name) + len(values[0]) + 4
		for _, c := range []byte(name + values[0]) {
			if c < ' ' || c > '~' {
				t.Errorf("stored header %q: %q is not printable ASCII", name, values)
			}
		}
	}
	if size > 61440 {
		t.Errorf("stored header has %d bytes", size)
	}
	got, err := cloudevent.DecodeStored(header, data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e, got); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// checkStructured: the JSON format brings back all but the transport's headers
// and the space around JSON data.
func checkStructured(t *testing.T, e *cloudevent.Event) {
	t.Helper()
	text := e.AppendStructured(nil)
	if !json.Valid(text) {
		t.Fatalf("not JSON: %s", text)
	}
	got := mustParse(t, contentType(cloudevent.MediaTypeStructured), text)
	want := *e
	want.Headers = nil
	if e.DataIsJSON() {
		want.Data = bytes.Trim(e.Data, " \t\r\n")
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("structured (-want +got):\n%s\n%s", diff, text)
	}
	batch := cloudevent.AppendBatch(nil, []*cloudevent.Event{e, e})
	evs, _, err := cloudevent.Parse(contentType(cloudevent.MediaTypeBatch), batch)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]*cloudevent.Event{&want, &want}, evs); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
}

// checkBinary: binary mode brings back all but the transport's headers, the
// types of extensions, and data of no bytes; and JSON has a content type.
func checkBinary(t *testing.T, e *cloudevent.Event) {
	t.Helper()
	header := http.Header(e.BinaryHeader())
	want := *e
	want.Headers, want.Extensions = nil, nil
	for _, x := range e.Extensions {
		if value, ok := x.Value.(string); ok {
			want.Extensions = append(want.Extensions, cloudevent.Extension{Name: x.Name, Value: value})
			continue
		}
		text, _ := json.Marshal(x.Value)
		want.Extensions = append(want.Extensions, cloudevent.Extension{Name: x.Name, Value: string(text)})
	}
	if e.DataContentType == "" && e.DataIsJSON() {
		want.DataContentType = "application/json"
	}
	if len(e.Data) == 0 {
		want.Data = nil
	}
	if diff := cmp.Diff(&want, mustParse(t, header, e.Data)); diff != "" {
		t.Errorf("binary (-want +got):\n%s\n%v", diff, header)
	}
}

func TestAppendStructured(t *testing.T) {
	for want, e := range map[string]*cloudevent.Event{
		std + `,"subject":"a\"b\\ä","n":-1,"b":false,"s":"","data":{"a": 1}}`: order(func(e ev) {
			e.Subject, e.Data = `a"b\ä`, []byte(" {\"a\": 1} \r\n")
			e.Extensions = extensions("n", int32(-1), "b", false, "s", "")
		}),
		std + `,"datacontenttype":"text/plain","data":"a\n\r\t\u0000\u001F` + "\x7f" + `"}`: order(func(e ev) { e.DataContentType, e.Data = "text/plain", []byte("a\n\r\t\x00\x1f\x7f") }),
		std + `,"datacontenttype":"text/plain","data_base64":"/w=="}`:                       order(func(e ev) { e.DataContentType, e.Data = "text/plain", []byte{0xff} }),
		std + `,"data_base64":""}`: order(func(e ev) { e.Data = []byte{} }),
	} {
		if diff := cmp.Diff(want, string(e.AppendStructured(nil))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if got := string(cloudevent.AppendBatch([]byte("x"), nil)); got != "x[]" {
		t.Errorf("empty batch = %s", got)
	}
}
