package cloudevent_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/textproto"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// FuzzParse reads a message as it could come over the wire: what is accepted
// goes through every form and comes back, and what is refused is told in a
// text that fits an answer.
func FuzzParse(f *testing.F) {
	block := func(header map[string][]string) (text string) {
		for name, values := range header {
			text += fmt.Sprintf("%s: %s\n", name, values[0])
		}
		return text
	}
	f.Add(block(plainHeader()), []byte(smallData))
	f.Add(block(binaryMessage("ce-subject: Euro%20%E2%82%AC", `ce-ext: "a\"b"`, "x-env: test", "content-type: text/plain")), []byte("Grüße\x00"))
	f.Add(block(binaryMessage("ce-dataschema: urn:x", "ce-time: 2016-12-31T23:59:60Z")), []byte("\xff"))
	f.Add(block(contentType(structured)), structuredBody)
	f.Add(block(contentType(structured)), []byte(std+`,"a":true,"b":-5,"c":null,"subject":"\ud83d\ude00","data_base64":"AAE="}`))
	f.Add(block(contentType(structured)), []byte(std+`,"datacontenttype":"text/plain","data":"a\nb"}`))
	f.Add(block(contentType(batched)), []byte("["+std+`},`+std+`,"data":null}]`))
	f.Add(block(contentType(batched)), []byte(`[1,{"id":1}]`))
	f.Fuzz(func(t *testing.T, block string, body []byte) {
		evs, mode, err := cloudevent.Parse(headerOf(block), body)
		if err != nil {
			checkError(t, err)
			return
		}
		if mode != cloudevent.Binary && !(json.Valid(body) && utf8.Valid(body)) {
			t.Fatalf("accepted %q, which is not JSON in UTF-8", body)
		}
		for _, e := range evs {
			if e.DataIsJSON() && !(json.Valid(e.Data) && utf8.Valid(e.Data)) {
				t.Fatalf("data %q is not JSON in UTF-8", e.Data)
			}
			checkRoundTrips(t, e)
		}
	})
}

func headerOf(block string) map[string][]string {
	h := map[string][]string{}
	lines := bufio.NewScanner(strings.NewReader(block))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		if len(name)%2 == 0 {
			name = textproto.CanonicalMIMEHeaderKey(name)
		}
		h[name] = append(h[name], value)
	}
	return h
}

func checkError(t *testing.T, err error) {
	t.Helper()
	if len(cloudevent.Details(err)) == 0 {
		t.Fatalf("error without details: %v", err)
	}
	for _, one := range cloudevent.Details(err) {
		text := one.Error()
		if len(text) > 1000 || !utf8.ValidString(text) || bytes.ContainsAny([]byte(text), "\x00\r\n") {
			t.Fatalf("a text that fits no answer: %q", text)
		}
	}
}

// FuzzDecodeStored: whatever is in the store, it is an event or an error.
func FuzzDecodeStored(f *testing.F) {
	f.Add("ce-id: 1\nce-source: /x\nce-type: t\nce-n: 5\nwye-types: n=i\nwye-h-a: b%20", []byte("x"))
	f.Fuzz(func(t *testing.T, block string, data []byte) {
		e, err := cloudevent.DecodeStored(headerOf(block), data)
		if (e == nil) == (err == nil) {
			t.Fatalf("event %v, error %v", e, err)
		}
	})
}
