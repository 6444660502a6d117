package cloudevent_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// order is the event that binaryMessage and std begin, changed.
func order(change func(*cloudevent.Event)) *cloudevent.Event {
	e := &cloudevent.Event{ID: "A-1", Source: "/shop", Type: "com.example.order"}
	change(e)
	return e
}

type ev = *cloudevent.Event

func extensions(pairs ...any) (exts []cloudevent.Extension) {
	for i := 0; i < len(pairs); i += 2 {
		exts = append(exts, cloudevent.Extension{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	return exts
}

func TestParseBinary(t *testing.T) {
	for _, tc := range []struct {
		name   string
		header map[string][]string
		body   string
		want   *cloudevent.Event
	}{
		{"least", binaryMessage(), "", order(func(e ev) {})},
		{"header names in lower case", binaryMessage("ce-id: B", "content-type: text/plain"), "x", order(func(e ev) { e.ID, e.DataContentType, e.Data = "B", "text/plain", []byte("x") })},
		{"header names in upper case", binaryMessage("CE-ID: B", "CONTENT-TYPE: text/plain"), "x", order(func(e ev) { e.ID, e.DataContentType, e.Data = "B", "text/plain", []byte("x") })},
		{"every attribute", binaryMessage("ce-subject: s", "ce-time: 2018-04-05T17:31:00Z", "ce-dataschema: urn:x", "Content-Type: application/json", "ce-b: 2", "ce-A: 1"), " {} \n", order(func(e ev) {
			e.Subject, e.Time, e.DataSchema, e.DataContentType = "s", "2018-04-05T17:31:00Z", "urn:x", "application/json"
			e.Data, e.Extensions = []byte(" {} \n"), extensions("a", "1", "b", "2")
		})},
		{"data without content type", binaryMessage(), "raw", order(func(e ev) { e.Data = []byte("raw") })},
		{"JSON type without data", binaryMessage("Content-Type: application/json"), "", order(func(e ev) { e.DataContentType = "application/json" })},
		{"text that is no UTF-8", binaryMessage("Content-Type: text/plain"), "\xff", order(func(e ev) { e.DataContentType, e.Data = "text/plain", []byte("\xff") })},
		{"half a surrogate pair within data", binaryMessage("Content-Type: application/json"), `"\ud800"`, order(func(e ev) { e.DataContentType, e.Data = "application/json", []byte(`"\ud800"`) })},
		{"data as deep as allowed", binaryMessage("Content-Type: text/json"), deep(512), order(func(e ev) { e.DataContentType, e.Data = "text/json", []byte(deep(512)) })},
		{"space around values", binaryMessage("ce-id:  A-2\t", "Content-Type: \ttext/plain "), "x", order(func(e ev) { e.ID, e.DataContentType, e.Data = "A-2", "text/plain", []byte("x") })},
		{"media type with quoted and empty parameters", binaryMessage(`Content-Type: text/plain;; charset="utf\-8" ;`), "x", order(func(e ev) { e.DataContentType, e.Data = `text/plain;; charset="utf\-8" ;`, []byte("x") })},

		{"percent-encoding", binaryMessage("ce-subject: Euro%20%E2%82%AC%20%F0%9F%98%80"), "", order(func(e ev) { e.Subject = "Euro € 😀" })},
		{"percent-encoding in lower case", binaryMessage("ce-subject: %e2%82%ac"), "", order(func(e ev) { e.Subject = "€" })},
		{"percent-encoding without need", binaryMessage("ce-subject: %41bc"), "", order(func(e ev) { e.Subject = "Abc" })},
		{"one round of decoding", binaryMessage("ce-subject: 100%2541"), "", order(func(e ev) { e.Subject = "100%41" })},
		{"encoded quotes are not quotes", binaryMessage("ce-subject: %22a%22"), "", order(func(e ev) { e.Subject = `"a"` })},
		{"quoted", binaryMessage(`ce-subject: "hello world"`), "", order(func(e ev) { e.Subject = "hello world" })},
		{"quoted with escapes", binaryMessage(`ce-subject: "a\"b\\c\d"`), "", order(func(e ev) { e.Subject = `a"b\cd` })},
		{"quoted, then percent-decoded", binaryMessage(`ce-subject: "a%20\%20"`), "", order(func(e ev) { e.Subject = `a  ` })},
		{"quotes in the middle", binaryMessage(`ce-subject: say "hi"`), "", order(func(e ev) { e.Subject = `say "hi"` })},
		{"parentheses are no comment", binaryMessage("ce-subject: (no comment)x"), "", order(func(e ev) { e.Subject = "(no comment)x" })},
		{"raw space and raw UTF-8 of older senders", binaryMessage("ce-subject: Euro €"), "", order(func(e ev) { e.Subject = "Euro €" })},
		{"replacement character", binaryMessage("ce-subject: %EF%BF%BD"), "", order(func(e ev) { e.Subject = "\uFFFD" })},
		{"empty extension", binaryMessage("ce-ext: "), "", order(func(e ev) { e.Extensions = extensions("ext", "") })},
		{"numbers and booleans are strings", binaryMessage("ce-n: 5", "ce-b: true"), "", order(func(e ev) { e.Extensions = extensions("b", "true", "n", "5") })},
		{"longest name", binaryMessage("ce-" + strings.Repeat("n", 64) + ": x"), "", order(func(e ev) { e.Extensions = extensions(strings.Repeat("n", 64), "x") })},

		{"transport headers", binaryMessage("X-Env: test", "user-agent: curl", "Authorization: Bearer x", "X-Bad: a\x00"), "", order(func(e ev) { e.Headers = []cloudevent.Header{{"user-agent", "curl"}, {"x-env", "test"}} })},
	} {
		t.Run(tc.name, func(t *testing.T) {
			evs, mode, err := cloudevent.Parse(tc.header, []byte(tc.body))
			if err != nil || mode != cloudevent.Binary {
				t.Fatalf("mode %v, error %v", mode, err)
			}
			if diff := cmp.Diff([]ev{tc.want}, evs); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
			checkRoundTrips(t, evs[0])
		})
	}
}

func deep(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func TestParseSources(t *testing.T) {
	for _, source := range []string{
		"https://github.com/cloudevents", "mailto:cncf-wg-serverless@lists.cncf.io", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
		"/cloudevents/spec/pull/123", "cloudevents/spec/pull/123", "1-555-123-4567", "//host.example/path", "?only=query", "#frag",
		"http://[::1]:8080/x?a=b/c?d#e/f?g", "http://[v7.a:b]/", "http://u:p@h:80", "http://h:", "file:///etc", "urn:", "./a:b", "/a:b",
		"a/b:c", "http://%E4%B8%AD.example/%C3%A4", "http://h?q=[ok"[:10], "//", "/", ".", "x+y-z.1:opaque", "http://a/?b@c",
	} {
		t.Run(source, func(t *testing.T) {
			h := binaryMessage()
			h["Ce-Source"] = []string{strings.ReplaceAll(source, "%", "%25")}
			if got := mustParse(t, h, nil).Source; got != source {
				t.Errorf("source = %q", got)
			}
		})
	}
}

func TestParseStructured(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		want       *cloudevent.Event
	}{
		{"least", std + "}", order(func(e ev) {})},
		{"space everywhere", "\r\n\t { \"data\" : [ 1 , { } ] , " + std[1:] + " } \n", order(func(e ev) { e.Data = []byte("[ 1 , { } ]") })},
		{"escapes in names and values", `{"\u0069d":"\ud83d\ude00\/\"\\\u00e4","specversion":"1\u002e0","source":"\/shop","type":"com.example.order"}`, order(func(e ev) { e.ID = `😀/"\ä` })},
		{"every attribute", std + `,"subject":"s","time":"2018-04-05T17:31:00Z","dataschema":"urn:x","datacontenttype":"application/json","b":true,"a":"x","c":-7,"data":{"id":1}}`, order(func(e ev) {
			e.Subject, e.Time, e.DataSchema, e.DataContentType = "s", "2018-04-05T17:31:00Z", "urn:x", "application/json"
			e.Data, e.Extensions = []byte(`{"id":1}`), extensions("a", "x", "b", true, "c", int32(-7))
		})},
		{"null is absent", std + `,"subject":null,"time":null,"dataschema":null,"datacontenttype":null,"ext":null,"data_base64":null}`, order(func(e ev) {})},
		{"range of integers", std + `,"a":2147483647,"b":-2147483648,"c":-0}`, order(func(e ev) {
			e.Extensions = extensions("a", int32(2147483647), "b", int32(-2147483648), "c", int32(0))
		})},
		{"data before its type", `{"data":"a\nb","datacontenttype":"text/plain",` + std[1:] + `}`, order(func(e ev) { e.DataContentType, e.Data = "text/plain", []byte("a\nb") })},
		{"data null is a payload", std + `,"data":null}`, order(func(e ev) { e.Data = []byte("null") })},
		{"data null of no JSON is none", std + `,"datacontenttype":"text/plain","data":null}`, order(func(e ev) { e.DataContentType = "text/plain" })},
		{"data beside data_base64 null", std + `,"data_base64":null,"data":1}`, order(func(e ev) { e.Data = []byte("1") })},
		{"JSON string is not decoded again", std + `,"data":"{\"a\":1}"}`, order(func(e ev) { e.Data = []byte(`"{\"a\":1}"`) })},
		{"spelling of numbers", std + `,"data":[9007199254740993,1.0,1e+300,-0.0]}`, order(func(e ev) { e.Data = []byte(`[9007199254740993,1.0,1e+300,-0.0]`) })},
		{"duplicate members within data are the data's own business", std + `,"data":{"a":1,"a":2}}`, order(func(e ev) { e.Data = []byte(`{"a":1,"a":2}`) })},
		{"data as deep as in binary mode", std + `,"data":` + deep(512) + `}`, order(func(e ev) { e.Data = []byte(deep(512)) })},
		{"number as XML", std + `,"datacontenttype":"application/xml","data":5}`, order(func(e ev) { e.DataContentType, e.Data = "application/xml", []byte("5") })},
		{"empty text", std + `,"datacontenttype":"text/plain","data":""}`, order(func(e ev) { e.DataContentType, e.Data = "text/plain", []byte{} })},
		{"bytes", std + `,"datacontenttype":"application/octet-stream","data_base64":"AAEC\/\/4="}`, order(func(e ev) { e.DataContentType, e.Data = "application/octet-stream", []byte{0, 1, 2, 255, 254} })},
		{"no bytes", std + `,"data_base64":""}`, order(func(e ev) { e.Data = []byte{} })},
		{"no bytes of JSON are no data", std + `,"datacontenttype":"application/json","data_base64":""}`, order(func(e ev) { e.DataContentType = "application/json" })},
		{"JSON as bytes", std + `,"datacontenttype":"application/json","data_base64":"eyJhIjoxfQ=="}`, order(func(e ev) { e.DataContentType, e.Data = "application/json", []byte(`{"a":1}`) })},
		{"most extensions", std + manyMembers(128) + "}", order(func(e ev) {})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := http.Header{"Content-Type": {`application/CloudEvents+json; charset="UTF-8"`}, "Ce-Id": {"ignored"}, "Ce-Id-Bad": {"ignored"}}
			evs, mode, err := cloudevent.Parse(h, []byte(tc.body))
			if err != nil || mode != cloudevent.Structured {
				t.Fatalf("mode %v, error %v", mode, err)
			}
			if diff := cmp.Diff([]ev{tc.want}, evs); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
			checkRoundTrips(t, evs[0])
		})
	}
}

func TestParseBatch(t *testing.T) {
	header := http.Header{"Content-Type": {"APPLICATION/CLOUDEVENTS-BATCH+JSON;charset=us-ascii"}, "X-Env": {"test"}}
	env := []cloudevent.Header{{Name: "x-env", Value: "test"}}
	for body, want := range map[string][]ev{
		"[]":                                     nil,
		" [ ]\r\n":                               nil,
		"[" + std + "} , " + std + `,"data":2}]`: {order(func(e ev) { e.Headers = env }), order(func(e ev) { e.Headers, e.Data = env, []byte("2") })},
	} {
		evs, mode, err := cloudevent.Parse(header, []byte(body))
		if err != nil || mode != cloudevent.Batched {
			t.Fatalf("%s: mode %v, error %v", body, mode, err)
		}
		if diff := cmp.Diff(want, evs); diff != "" {
			t.Errorf("%s: events (-want +got):\n%s", body, diff)
		}
	}
}

func TestTransportHeaders(t *testing.T) {
	got := mustParse(t, binaryMessage(
		"X-Env: test", "User-Agent: curl/8", "Date: today", "Traceparent: 00-a-b-01", "X-Twice: a", "x-twice: b", "X-Empty: ", "x-unicode: ä",
		// What is left out.
		"Authorization: Bearer x", "Proxy-Authorization: x", "Cookie: a=b", "Set-Cookie: a=b", "X-Auth-Request-User: x",
		"X-Api-Key: x", "X-APIKEY: x", "X-Github-Token: x", "X-Client-Secret: x", "X-Password: x", "X-Hub-Signature-256: x", "X-Session-Id: x",
		"X-Goog-Iap-Jwt-Assertion: x", "Connection: close", "Keep-Alive: 1", "Te: trailers", "Trailer: x", "Transfer-Encoding: chunked", "Upgrade: x",
		"Proxy-Connection: x", "Content-Length: 5", "Content-Type: text/plain", "Content-Encoding: gzip", "Host: example.com", "Accept: */*", "Accept-Encoding: gzip", "Expect: 100-continue",
		"Nats-Msg-Id: 1", "wye-types: a=b", "Wye-H-X: y", "bad name: x", "ä: x", "X-Invalid: \xff", "X-Control: a\nb",
	), nil).Headers
	want := []cloudevent.Header{
		{Name: "date", Value: "today"}, {Name: "traceparent", Value: "00-a-b-01"}, {Name: "user-agent", Value: "curl/8"},
		{Name: "x-empty", Value: ""}, {Name: "x-env", Value: "test"}, {Name: "x-twice", Value: "a, b"}, {Name: "x-unicode", Value: "ä"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestHeadersInSeveralLetterCasesHaveOneResult(t *testing.T) {
	for range 20 {
		got := mustParse(t, binaryMessage("X-Twice: c", "x-twice: a", "X-TWICE: b", "x-TWICE: d"), nil).Headers
		if want := []cloudevent.Header{{Name: "x-twice", Value: "a, b, c, d"}}; !cmp.Equal(want, got) {
			t.Fatalf("headers = %v, want %v", got, want)
		}
	}
}

func TestRepeatedHeaderIsJoinedInOrder(t *testing.T) {
	h := binaryMessage()
	h["X-Forwarded-For"] = []string{"b", "a"}
	got := mustParse(t, h, nil).Headers
	if want := []cloudevent.Header{{Name: "x-forwarded-for", Value: "b, a"}}; !cmp.Equal(want, got) {
		t.Errorf("headers = %v, want %v", got, want)
	}
}

func TestDataIsJSONAndText(t *testing.T) {
	for _, tc := range []struct {
		contentType, data string
		json, text        bool
	}{
		{"application/json", `{}`, true, false},
		{"Application/JSON ; charset=utf-8", `{}`, true, false},
		{"text/json", `{}`, true, false},
		{"application/vnd.x+json", `{}`, true, false},
		{"application/json", ``, false, false},
		{"application/jsonp", `x`, false, false},
		{"application/json-seq", `x`, false, false},
		{"", `{}`, true, false},
		{"", `raw`, false, false},
		{"text/plain", `x`, false, true},
		{"TEXT/csv", `x`, false, true},
		{"text/plain", "\xff", false, false},
		{"application/xml", `<x/>`, false, true},
		{"image/svg+xml", `<x/>`, false, true},
		{"application/x-own; charset=utf-8", `x`, false, true},
		{"application/x-own; a=b", `x`, false, false},
		{"application/octet-stream", `x`, false, false},
	} {
		e := cloudevent.Event{DataContentType: tc.contentType, Data: []byte(tc.data)}
		if e.DataIsJSON() != tc.json || e.DataIsText() != tc.text {
			t.Errorf("%q %q: JSON %v, text %v", tc.contentType, tc.data, e.DataIsJSON(), e.DataIsText())
		}
	}
	if (&cloudevent.Event{DataContentType: "text/plain"}).DataIsText() {
		t.Error("no data is text")
	}
}

func TestAttributeAndKey(t *testing.T) {
	e := order(func(e ev) { e.Subject, e.Extensions = "s", extensions("n", int32(5)) })
	for name, want := range map[string]any{"specversion": "1.0", "id": "A-1", "subject": "s", "n": int32(5)} {
		if got, ok := e.Attribute(name); !ok || got != want {
			t.Errorf("Attribute(%q) = %v, %v", name, got, ok)
		}
	}
	for _, name := range []string{"time", "datacontenttype", "dataschema", "other", "data"} {
		if got, ok := e.Attribute(name); ok {
			t.Errorf("Attribute(%q) = %v", name, got)
		}
	}
	if got := e.Key(); got != "/shop A-1" {
		t.Errorf("Key = %q", got)
	}
}
