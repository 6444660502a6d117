package cloudevent_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/schemas/cloudevent"
)

const (
	structured = cloudevent.MediaTypeStructured
	batched    = cloudevent.MediaTypeBatch
	malformed  = cloudevent.Malformed
	mediaType  = cloudevent.UnsupportedMediaType
	tooLarge   = cloudevent.TooLarge

	notMedia = `is not a media type; write it as "type/subtype", for example "application/json"`
	notText  = `is not valid UTF-8; send UTF-8, percent-encoded in a header`
	control  = `has a control character, which the specification forbids in attributes; remove it`
	badTime  = ` is not an RFC 3339 time: write it like "2018-04-05T17:31:00Z" or "2018-04-05T17:31:00.5+02:00"`
	badName  = `the name may only have lower-case letters a-z and digits; rename the attribute`
	noSource = ` is not a URI reference (RFC 3986): `
)

// bad is a message that Parse refuses, and all that it says about it.
type bad struct {
	name   string
	header map[string][]string
	body   string
	kind   cloudevent.Kind
	want   string
}

func (b bad) run(t *testing.T) {
	t.Helper()
	evs, _, err := cloudevent.Parse(b.header, []byte(b.body))
	if err == nil {
		t.Fatalf("accepted as %v", evs[0])
	}
	if evs != nil {
		t.Errorf("events beside an error: %v", evs)
	}
	if diff := cmp.Diff(b.want, err.Error()); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	details := cloudevent.Details(fmt.Errorf("wrapped: %w", err))
	if len(details) == 0 || details[0].Kind != b.kind {
		t.Errorf("details = %v, want kind %v", details, b.kind)
	}
	var one *cloudevent.Error
	if !errors.As(err, &one) || one.Kind != b.kind {
		t.Errorf("errors.As found %v", one)
	}
}

func TestParseBadHeaders(t *testing.T) {
	in := ": send it in the header %q, or the whole event as application/cloudevents+json"
	for _, tc := range []bad{
		{name: "nothing", want: `the message is not a CloudEvent: it has no ce-* headers, and its Content-Type is ""; send the attributes as ce-* headers, or the whole event as application/cloudevents+json`},
		{name: "plain JSON", header: contentType("application/json"), body: std + "}", want: `the message is not a CloudEvent: it has no ce-* headers, and its Content-Type is "application/json"; send the attributes as ce-* headers, or the whole event as application/cloudevents+json`},

		{name: "no specversion", header: binaryMessage("-ce-specversion"), want: `attribute "specversion": is missing; every event needs it` + fmt.Sprintf(in, "ce-specversion")},
		{name: "no id", header: binaryMessage("-ce-id"), want: `attribute "id": is missing; every event needs it` + fmt.Sprintf(in, "ce-id")},
		{name: "no source", header: binaryMessage("-ce-source"), want: `attribute "source": is missing; every event needs it` + fmt.Sprintf(in, "ce-source")},
		{name: "no type", header: binaryMessage("-ce-type"), want: `attribute "type": is missing; every event needs it` + fmt.Sprintf(in, "ce-type")},
		{name: "empty id", header: binaryMessage("ce-id: "), want: `attribute "id": is empty; every event needs a value`},
		{name: "space for an id", header: binaryMessage("ce-id:  \t "), want: `attribute "id": is empty; every event needs a value`},
		{name: "empty source", header: binaryMessage("ce-source: "), want: `attribute "source": is empty; every event needs a value`},
		{name: "empty type", header: binaryMessage(`ce-type: ""`), want: `attribute "type": is empty; every event needs a value`},
		{name: "empty subject", header: binaryMessage("ce-subject: "), want: `attribute "subject": is empty; leave the attribute out where it has no value`},
		{name: "empty time", header: binaryMessage("ce-time: "), want: `attribute "time": is empty; leave the attribute out where it has no value`},

		{name: "specversion 0.3", header: binaryMessage("ce-specversion: 0.3"), want: `attribute "specversion": is "0.3"; Wye reads version "1.0" of the specification`},
		{name: "specversion 1.0.2", header: binaryMessage("ce-specversion: 1.0.2"), want: `attribute "specversion": is "1.0.2"; Wye reads version "1.0" of the specification`},

		{name: "dot in a name", header: binaryMessage("ce-my.ext: x"), want: `attribute "my.ext": ` + badName},
		{name: "underscore in a name", header: binaryMessage("ce-my_ext: x"), want: `attribute "my_ext": ` + badName},
		{name: "hyphen in a name", header: binaryMessage("ce-my-ext: x"), want: `attribute "my-ext": ` + badName},
		{name: "no name", header: binaryMessage("ce-: x"), want: `an attribute has an empty name; names consist of lower-case letters a-z and digits`},
		{name: "long name", header: binaryMessage("ce-" + strings.Repeat("n", 65) + ": x"), want: `attribute "` + strings.Repeat("n", 64) + `...": the name has 65 characters; use at most 64`},
		{name: "reserved name", header: binaryMessage("ce-data: x"), want: `attribute "data": is a reserved name; an attribute cannot be called data`},
		{name: "datacontenttype", header: binaryMessage("ce-datacontenttype: text/plain"), want: `attribute "datacontenttype": comes as the header "ce-datacontenttype"; in binary mode the header Content-Type carries it`},
		{name: "two values", header: map[string][]string{"ce-id": {"1", "2"}}, want: `attribute "id": its header is given more than once; send it once`},
		{name: "no value", header: map[string][]string{"ce-ext": {}}, want: `attribute "ext": its header is given more than once; send it once`},
		{name: "two letter cases", header: map[string][]string{"ce-id": {"1"}, "CE-ID": {"1"}}, want: `attribute "id": its header is given more than once; send it once`},
		{name: "extension in two letter cases", header: binaryMessage("ce-ext: 1", "CE-EXT: 1"), want: `attribute "ext": is given twice; send it once`},
		{name: "several faults, the first by name", header: binaryMessage("ce-z-z: 1", "ce-a-a: 1", "ce-m-m: 1"), want: `attribute "a-a": ` + badName},
		{name: "too many extensions", header: binaryMessage(manyHeaders("ce-x", 129)...), kind: tooLarge, want: `the event has 129 extension attributes; at most 128 are allowed: carry more in the data`},

		{name: "overlong UTF-8", header: binaryMessage("ce-subject: %C0%A0"), want: `attribute "subject": ` + notText},
		{name: "stray byte", header: binaryMessage("ce-subject: %80"), want: `attribute "subject": ` + notText},
		{name: "surrogate in UTF-8", header: binaryMessage("ce-subject: %ED%A0%80"), want: `attribute "subject": ` + notText},
		{name: "beyond Unicode", header: binaryMessage("ce-subject: %F4%90%80%80"), want: `attribute "subject": ` + notText},
		{name: "cut UTF-8", header: binaryMessage("ce-ext: %E2%82"), want: `attribute "ext": ` + notText},
		{name: "raw bytes", header: binaryMessage("ce-ext: \xff"), want: `attribute "ext": ` + notText},
		{name: "bad percent", header: binaryMessage("ce-subject: %zz"), want: `attribute "subject": has a percent sign without two hexadecimal digits after it; write a literal percent sign as %25`},
		{name: "cut percent", header: binaryMessage("ce-ext: abc%4"), want: `attribute "ext": has a percent sign without two hexadecimal digits after it; write a literal percent sign as %25`},
		{name: "encoded line break", header: binaryMessage("ce-subject: a%0D%0Aevil:%20b"), want: `attribute "subject": ` + control},
		{name: "raw tab", header: binaryMessage("ce-subject: a\tb"), want: `attribute "subject": ` + control},
		{name: "NUL", header: binaryMessage("ce-id: a%00"), want: `attribute "id": ` + control},
		{name: "DEL", header: binaryMessage("ce-ext: a%7F"), want: `attribute "ext": ` + control},
		{name: "C1 control", header: binaryMessage("ce-subject: %C2%85"), want: `attribute "subject": ` + control},
		{name: "noncharacter", header: binaryMessage("ce-subject: %EF%BF%BF"), want: `attribute "subject": has a Unicode noncharacter, which the specification forbids in attributes; remove it`},
		{name: "noncharacter in the middle", header: binaryMessage("ce-subject: %EF%B7%90"), want: `attribute "subject": has a Unicode noncharacter, which the specification forbids in attributes; remove it`},
		{name: "open quote", header: binaryMessage(`ce-subject: "abc`), want: `attribute "subject": starts with a double quote and has no closing one; write a literal quote as %22`},
		{name: "escaped end quote", header: binaryMessage(`ce-subject: "abc\"`), want: `attribute "subject": starts with a double quote and has no closing one; write a literal quote as %22`},
		{name: "backslash at the end", header: binaryMessage(`ce-subject: "abc\`), want: `attribute "subject": starts with a double quote and has no closing one; write a literal quote as %22`},
		{name: "text after a quote", header: binaryMessage(`ce-subject: "a" b`), want: `attribute "subject": has text after the closing double quote; write a literal quote as %22`},
		{name: "long value", header: binaryMessage("ce-ext: " + strings.Repeat("v", 32<<10+1)), kind: tooLarge, want: `attribute "ext": has 32769 bytes; an attribute may have at most 32768: carry large values in the data`},
		{name: "more than a message's header holds", header: binaryMessage("ce-e1: "+strings.Repeat("v", 31<<10), "ce-e2: "+strings.Repeat("v", 31<<10)), kind: tooLarge, want: `the attributes and the message's other headers have 63585 bytes when encoded; at most 61440 are allowed: carry more in the data`},

		{name: "source with a space", header: binaryMessage("ce-source: /a%20b"), want: `attribute "source": "/a b"` + noSource + `it cannot have the character ' '; percent-encode it as %20`},
		{name: "source with a bad percent", header: binaryMessage("ce-source: /x%25zz"), want: `attribute "source": "/x%zz"` + noSource + `a percent sign needs two hexadecimal digits after it; write a literal percent sign as %25`},
		{name: "source with a backslash", header: binaryMessage(`ce-source: /a\b`), want: `attribute "source": "/a\\b"` + noSource + `it cannot have the character '\\'; percent-encode it as %5C`},
		{name: "source beyond ASCII", header: binaryMessage("ce-source: /%C3%A4"), want: `attribute "source": "/ä"` + noSource + `it can only have ASCII characters; percent-encode the others`},
		{name: "source without scheme", header: binaryMessage("ce-source: :nope"), want: `attribute "source": ":nope"` + noSource + `what is before the first colon is not a scheme; write a colon in the first part of a path as %3A, or start with "./"`},
		{name: "source with a numeric scheme", header: binaryMessage("ce-source: 1:2"), want: `attribute "source": "1:2"` + noSource + `what is before the first colon is not a scheme; write a colon in the first part of a path as %3A, or start with "./"`},
		{name: "source with an open bracket", header: binaryMessage("ce-source: http://[::1"), want: `attribute "source": "http://[::1"` + noSource + `the square brackets of its host enclose no IP address`},
		{name: "source with a zone", header: binaryMessage("ce-source: http://[fe80::1%2525en0]/"), want: `attribute "source": "http://[fe80::1%25en0]/"` + noSource + `the square brackets of its host enclose no IP address`},
		{name: "source with IPv4 in brackets", header: binaryMessage("ce-source: http://[1.2.3.4]/"), want: `attribute "source": "http://[1.2.3.4]/"` + noSource + `the square brackets of its host enclose no IP address`},
		{name: "source with text after brackets", header: binaryMessage("ce-source: http://[::1]a/"), want: `attribute "source": "http://[::1]a/"` + noSource + `its host has text after the closing square bracket`},
		{name: "source with a bad port", header: binaryMessage("ce-source: http://a:b/"), want: `attribute "source": "http://a:b/"` + noSource + `its port is not a number`},
		{name: "source with two at signs", header: binaryMessage("ce-source: http://a@b@c/"), want: `attribute "source": "http://a@b@c/"` + noSource + `the part before @ in its authority has a character that must be percent-encoded`},
		{name: "source with a bracket in the host", header: binaryMessage("ce-source: http://a[b/"), want: `attribute "source": "http://a[b/"` + noSource + `its host has a square bracket in the wrong place`},
		{name: "source with brackets in the path", header: binaryMessage("ce-source: /a[1]"), want: `attribute "source": "/a[1]"` + noSource + `square brackets may only enclose an IP address; write them as %5B and %5D`},
		{name: "source with two fragments", header: binaryMessage("ce-source: /a#b#c"), want: `attribute "source": "/a#b#c"` + noSource + `it has two fragments; write # within one as %23`},
		{name: "dataschema relative", header: binaryMessage("ce-dataschema: /schemas/order"), want: `attribute "dataschema": "/schemas/order" is not an absolute URI; start it with a scheme, for example "https:" or "urn:"`},
		{name: "dataschema with a space", header: binaryMessage("ce-dataschema: urn:a b"), want: `attribute "dataschema": "urn:a b" is not a URI (RFC 3986): it cannot have the character ' '; percent-encode it as %20`},

		{name: "expirytime that is no time", header: binaryMessage("ce-expirytime: tomorrow"), want: `attribute "expirytime": "tomorrow"` + badTime},
		{name: "expirytime without a zone", header: binaryMessage("ce-expirytime: 2027-01-31T12%3A00%3A00"), want: `attribute "expirytime": "2027-01-31T12:00:00"` + badTime},
		{name: "date only", header: binaryMessage("ce-time: 2018-04-05"), want: `attribute "time": "2018-04-05"` + badTime},
		{name: "no such day", header: binaryMessage("ce-time: 2019-02-29T00:00:00Z"), want: `attribute "time": "2019-02-29T00:00:00Z" is not an RFC 3339 time: a part of it is out of range`},
		{name: "no such leap second", header: binaryMessage("ce-time: 2019-02-28T10:00:60Z"), want: `attribute "time": "2019-02-28T10:00:60Z" is not an RFC 3339 time: second 60 exists only at 23:59:60 UTC`},
		{name: "long hostile time", header: binaryMessage("ce-time: " + strings.Repeat("9", 300)), want: `attribute "time": "` + strings.Repeat("9", 64) + `..."` + badTime},

		{name: "content type of one word", header: binaryMessage("Content-Type: json"), want: `attribute "datacontenttype": "json" ` + notMedia},
		{name: "content type without subtype", header: binaryMessage("Content-Type: application/"), want: `attribute "datacontenttype": "application/" ` + notMedia},
		{name: "content type with a space", header: binaryMessage("Content-Type: text/ plain"), want: `attribute "datacontenttype": "text/ plain" ` + notMedia},
		{name: "content type of parameters", header: binaryMessage("Content-Type: ;charset=utf-8"), want: `attribute "datacontenttype": ";charset=utf-8" ` + notMedia},
		{name: "content type with a bad parameter", header: binaryMessage("Content-Type: text/plain; charset"), want: `attribute "datacontenttype": "text/plain; charset" has a parameter that is not name=value; write for example "text/plain; charset=utf-8"`},
		{name: "content type with an open quote", header: binaryMessage(`Content-Type: text/plain; charset="utf-8`), want: `attribute "datacontenttype": "text/plain; charset=\"utf-8" has a parameter that is not name=value; write for example "text/plain; charset=utf-8"`},
		{name: "content type beyond ASCII", header: binaryMessage(`Content-Type: text/plain; a="ä"`), want: `attribute "datacontenttype": "text/plain; a=\"ä\"" has characters outside of ASCII, which a media type cannot have`},
		{name: "two content types", header: map[string][]string{"Content-Type": {"text/plain", structured}}, want: `attribute "datacontenttype": the header Content-Type is given 2 times; send it once`},
		{name: "two content types in two letter cases", header: map[string][]string{"content-type": {"text/plain"}, "CONTENT-TYPE": {structured}}, want: `attribute "datacontenttype": the header Content-Type is given 2 times; send it once`},
		{name: "a second content type beside the usual spelling", header: binaryMessage("Content-Type: text/plain", "content-type: application/json"), body: "x", want: `attribute "datacontenttype": the header Content-Type is given 2 times; send it once`},
		{name: "a second content type beside a structured event", header: map[string][]string{"Content-Type": {structured}, "content-type": {"text/plain"}}, body: std + "}", want: `attribute "datacontenttype": the header Content-Type is given 2 times; send it once`},

		{name: "too many other headers", header: binaryMessage(manyHeaders("x-h", 65)...), kind: tooLarge, want: `the message has 65 headers besides the event's attributes; at most 64 are allowed`},
		{name: "too large other headers", header: binaryMessage("x-big: " + strings.Repeat("v", 16<<10)), kind: tooLarge, want: `the headers besides the event's attributes have 16389 bytes; at most 16384 are allowed`},
	} {
		t.Run(tc.name, tc.run)
	}
}

func manyHeaders(prefix string, n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("%s%d: v", prefix, i))
	}
	return lines
}

func TestParseBadData(t *testing.T) {
	json := binaryMessage("Content-Type: application/json")
	not := `the data is declared as "application/json" and is not valid JSON: `
	for _, tc := range []bad{
		{name: "truncated", header: json, body: `{"a":1`, want: not + `byte 6: the text ends where a comma or } was expected`},
		{name: "two values", header: json, body: `{} {}`, want: not + `byte 3: expected the end of the text, found '{'`},
		{name: "space only", header: json, body: "  \n", want: not + `byte 3: the text ends where a value was expected`},
		{name: "byte order mark", header: json, body: "\xEF\xBB\xBF{}", want: not + `byte 0: the text starts with a byte order mark; send UTF-8 without one`},
		{name: "invalid UTF-8", header: json, body: "{\"a\":\"\xC3(\"}", want: not + `byte 6: the text is not valid UTF-8`},
		{name: "invalid UTF-8 outside of a string", header: json, body: "\xff", want: not + `byte 0: expected a value, found bytes that are not valid UTF-8`},
		{name: "NUL", header: json, body: "\x00", want: not + `byte 0: expected a value, found '\x00'`},
		{name: "NaN", header: json, body: `[1,NaN]`, want: not + `byte 3: expected a value, found 'N'`},
		{name: "leading zero", header: json, body: `012`, want: not + `byte 1: expected the end of the text, found '1'`},
		{name: "lone minus", header: json, body: `-`, want: not + `byte 1: the text ends where a digit was expected`},
		{name: "no digit after the point", header: json, body: `1.e5`, want: not + `byte 2: expected a digit, found 'e'`},
		{name: "no exponent", header: json, body: `1e+`, want: not + `byte 3: the text ends where a digit was expected`},
		{name: "trailing comma", header: json, body: `[1,]`, want: not + `byte 3: expected a value, found ']'`},
		{name: "trailing comma of an object", header: json, body: `{"a":1,}`, want: not + `byte 7: expected a member name in double quotes, found '}'`},
		{name: "no colon", header: json, body: `{"a" 1}`, want: not + `byte 5: expected a colon, found '1'`},
		{name: "half a literal", header: json, body: `tru`, want: not + `byte 3: the text ends where true was expected`},
		{name: "comment", header: json, body: `{/**/}`, want: not + `byte 1: expected a member name in double quotes, found '/'`},
		{name: "open string", header: json, body: `"abc`, want: not + `byte 4: the text ends within a string`},
		{name: "line break in a string", header: json, body: "\"a\nb\"", want: not + `byte 2: a string has the control character U+000A; escape it`},
		{name: "bad escape", header: json, body: `"\x41"`, want: not + `byte 2: expected an escaped character, found 'x'`},
		{name: "bad unicode escape", header: json, body: `"\u00g0"`, want: not + `byte 5: expected a hexadecimal digit, found 'g'`},
		{name: "deep", header: json, body: strings.Repeat("[", 513) + strings.Repeat("]", 513), want: not + `byte 512: arrays and objects nest deeper than 512`},
		{name: "very deep", header: json, body: strings.Repeat(`{"a":`, 1<<18), want: not + `byte 2560: arrays and objects nest deeper than 512`},
		{name: "another JSON type", header: binaryMessage("Content-Type: application/vnd.x+JSON; v=1"), body: `x`, want: `the data is declared as "application/vnd.x+JSON; v=1" and is not valid JSON: byte 0: expected a value, found 'x'`},
	} {
		t.Run(tc.name, tc.run)
	}
}

func TestParseBadContentType(t *testing.T) {
	for _, tc := range []bad{
		{name: "avro", header: contentType("application/cloudevents+avro"), kind: mediaType, want: `the event format "application/cloudevents+avro" is not supported; send application/cloudevents+json or application/cloudevents-batch+json, or use binary mode`},
		{name: "no format", header: contentType("Application/CloudEvents"), kind: mediaType, want: `the event format "Application/CloudEvents" is not supported; send application/cloudevents+json or application/cloudevents-batch+json, or use binary mode`},
		{name: "batch of XML", header: contentType("application/cloudevents-batch+xml"), kind: mediaType, want: `the event format "application/cloudevents-batch+xml" is not supported; send application/cloudevents+json or application/cloudevents-batch+json, or use binary mode`},
		{name: "UTF-16", header: contentType(structured + "; charset=utf-16"), kind: mediaType, want: `the charset "utf-16" is not supported; send the event in UTF-8`},
		{name: "Latin-1 of a batch", header: contentType(batched + ` ; a=b; Charset="ISO-8859-1"`), kind: mediaType, want: `the charset "ISO-8859-1" is not supported; send the event in UTF-8`},
		{name: "bad parameter", header: contentType(structured + ";charset"), want: `the Content-Type "application/cloudevents+json;charset" has a parameter that is not name=value; write for example "text/plain; charset=utf-8"`},
	} {
		t.Run(tc.name, tc.run)
	}
}

func TestParseBadStructured(t *testing.T) {
	both := `the event has both "data" and "data_base64"; send one of them`
	notBase64 := `"data_base64" is not base64 (RFC 4648 section 4, with padding and without line breaks)`
	half := `has half of a surrogate pair, which is no character; send both halves or neither`
	notInt := ` is not an integer from -2147483648 to 2147483647 without fraction and exponent; send other numbers as a string`
	for _, tc := range []bad{
		{name: "empty body", want: `the body is not valid: byte 0: the text ends where a JSON object that is the event was expected`},
		{name: "truncated", body: `{"specversion":"1.0","id":"A`, want: `the body is not valid: byte 28: the text ends within a string`},
		{name: "array", body: `[]`, want: `the body is not valid: byte 0: expected a JSON object that is the event, found '['`},
		{name: "byte order mark", body: "\xEF\xBB\xBF" + std + "}", want: `the body is not valid: byte 0: the text starts with a byte order mark; send UTF-8 without one`},
		{name: "UTF-16", body: "\xFF\xFE{\x00", want: `the body is not valid: byte 0: expected a JSON object that is the event, found bytes that are not valid UTF-8`},
		{name: "two documents", body: std + "}{}", want: `the body is not valid: byte 76: expected the end of the text, found '{'`},
		{name: "NaN", body: std + `,"data":NaN}`, want: `the body is not valid: byte 83: expected a value, found 'N'`},
		{name: "single quotes", body: `{'id':'1'}`, want: `the body is not valid: byte 1: expected a member name in double quotes, found '\''`},
		{name: "deep", body: std + `,"data":` + strings.Repeat("[", 1000), want: `the body is not valid: byte 595: arrays and objects nest deeper than 512`},
		{name: "bad UTF-8 in data", body: std + ",\"data\":\"\xED\xA0\x80\"}", want: `the body is not valid: byte 84: the text is not valid UTF-8`},
		{name: "bad JSON wins over a bad attribute", body: `{"id":1,`, want: `the body is not valid: byte 8: the text ends where a member name in double quotes was expected`},
		{name: "empty object", body: `{}`, want: `attribute "specversion": is missing; every event needs it`},

		{name: "no id", body: `{"specversion":"1.0","source":"/x","type":"t"}`, want: `attribute "id": is missing; every event needs it`},
		{name: "id null", body: `{"specversion":"1.0","id":null,"source":"/x","type":"t"}`, want: `attribute "id": is null; every event needs it`},
		{name: "id empty", body: `{"specversion":"1.0","id":"","source":"/x","type":"t"}`, want: `attribute "id": is empty; every event needs a value`},
		{name: "id a boolean", body: `{"specversion":"1.0","id":true,"source":"/x","type":"t"}`, want: `attribute "id": is a boolean; it must be a JSON string`},
		{name: "type an object", body: `{"specversion":"1.0","id":"1","source":"/x","type":{"a":[]}}`, want: `attribute "type": is an object; it must be a JSON string`},
		{name: "specversion a number", body: `{"specversion":1.0,"id":"1","source":"/x","type":"t"}`, want: `attribute "specversion": is a number; it must be a JSON string`},
		{name: "subject a number", body: std + `,"subject":5}`, want: `attribute "subject": is a number; it must be a JSON string`},
		{name: "subject an array", body: std + `,"subject":["a"]}`, want: `attribute "subject": is an array; it must be a JSON string`},
		{name: "subject empty", body: std + `,"subject":""}`, want: `attribute "subject": is empty; leave the attribute out where it has no value`},
		{name: "expirytime that is no time", body: std + `,"expirytime":"1h"}`, want: `attribute "expirytime": "1h"` + badTime},
		{name: "expirytime that is no string", body: std + `,"expirytime":1798718400}`, want: `attribute "expirytime": is no string; write the time like "2018-04-05T17:31:00Z"`},
		{name: "time without offset", body: std + `,"time":"2018-04-05T17:31:00"}`, want: `attribute "time": "2018-04-05T17:31:00"` + badTime},
		{name: "datacontenttype empty", body: std + `,"datacontenttype":""}`, want: `attribute "datacontenttype": is empty; leave the attribute out where it has no value`},
		{name: "datacontenttype of an event", body: std + `,"datacontenttype":"application/CloudEvents+json; a=b","data":{}}`, want: `attribute "datacontenttype": "application/CloudEvents+json; a=b" says that the data is itself a CloudEvent, which could not be told from this one in binary mode; use for example "application/json"`},

		{name: "id twice", body: std + `,"id":"A-1"}`, want: `attribute "id": is given twice; send it once`},
		{name: "id twice, once escaped", body: std + `,"\u0069d":"evil"}`, want: `attribute "id": is given twice; send it once`},
		{name: "subject twice, once null", body: std + `,"subject":null,"subject":"a"}`, want: `attribute "subject": is given twice; send it once`},
		{name: "extension twice", body: std + `,"ext":"a","other":"b","ext":1}`, want: `attribute "ext": is given twice; send it once`},
		{name: "extension twice, once null", body: std + `,"ext":null,"\u0065xt":"a"}`, want: `attribute "ext": is given twice; send it once`},
		{name: "data twice", body: std + `,"data":1,"data":null}`, want: `the member "data" is given twice; send it once`},
		{name: "data_base64 twice", body: std + `,"data_base64":null,"data_base64":"AA=="}`, want: `the member "data_base64" is given twice; send it once`},

		{name: "both data members", body: std + `,"data":{},"data_base64":"AA=="}`, want: both},
		{name: "data null beside data_base64", body: std + `,"data":null,"data_base64":"AA=="}`, want: both},
		{name: "base64 without padding", body: std + `,"data_base64":"AAE"}`, want: notBase64},
		{name: "base64 with a line break", body: std + `,"data_base64":"AA\nE="}`, want: notBase64},
		{name: "base64 with stray bits", body: std + `,"data_base64":"AAF="}`, want: notBase64},
		{name: "base64 of the URL alphabet", body: std + `,"data_base64":"-_-_"}`, want: notBase64},
		{name: "base64 half a pair", body: std + `,"data_base64":"\ud800"}`, want: notBase64},
		{name: "base64 an object", body: std + `,"data_base64":{"a":1}}`, want: `"data_base64" is an object; it must be a JSON string`},
		{name: "base64 of no JSON", body: std + `,"datacontenttype":"application/json","data_base64":"eA=="}`, want: `the data is declared as "application/json" and is not valid JSON: byte 0: expected a value, found 'x'`},
		{name: "half a pair in text", body: std + `,"datacontenttype":"text/plain","data":"\udead"}`, want: `"data" has half of a surrogate pair, which is no character; send bytes as "data_base64"`},

		{name: "upper-case name", body: std + `,"Foo":"x"}`, want: `attribute "Foo": ` + badName},
		{name: "name with a hyphen", body: std + `,"my-ext":"x"}`, want: `attribute "my-ext": ` + badName},
		{name: "name beyond ASCII", body: std + `,"é":1}`, want: `attribute "é": ` + badName},
		{name: "empty name", body: std + `,"":"x"}`, want: `an attribute has an empty name; names consist of lower-case letters a-z and digits`},
		{name: "name half a pair", body: std + `,"\ud800":"x"}`, want: `a name has half of a surrogate pair; names consist of lower-case letters a-z and digits`},
		{name: "long name", body: std + `,"` + strings.Repeat("n", 65) + `":"x"}`, want: `attribute "` + strings.Repeat("n", 64) + `...": the name has 65 characters; use at most 64`},
		{name: "extension a float", body: std + `,"ext":1.5}`, want: `attribute "ext": 1.5` + notInt},
		{name: "extension a whole float", body: std + `,"ext":5.0}`, want: `attribute "ext": 5.0` + notInt},
		{name: "extension with an exponent", body: std + `,"ext":1e3}`, want: `attribute "ext": 1e3` + notInt},
		{name: "extension above the range", body: std + `,"ext":2147483648}`, want: `attribute "ext": 2147483648` + notInt},
		{name: "extension below the range", body: std + `,"ext":-2147483649}`, want: `attribute "ext": -2147483649` + notInt},
		{name: "extension a huge number", body: std + `,"ext":` + strings.Repeat("9", 5000) + `}`, want: `attribute "ext": ` + strings.Repeat("9", 64) + `...` + notInt},
		{name: "extension an object", body: std + `,"ext":{"a":1}}`, want: `attribute "ext": is an object; an extension is a string, a boolean or an integer: carry structure in the data`},
		{name: "extension an array", body: std + `,"ext":[1,2]}`, want: `attribute "ext": is an array; an extension is a string, a boolean or an integer: carry structure in the data`},
		{name: "too many extensions", body: std + manyMembers(129) + "}", kind: tooLarge, want: `the event has 129 extension attributes; at most 128 are allowed: carry more in the data`},
		{name: "long value", body: std + `,"ext":"` + strings.Repeat("v", 32<<10+1) + `"}`, kind: tooLarge, want: `attribute "ext": has 32769 bytes; an attribute may have at most 32768: carry large values in the data`},
		{name: "more than a message's header holds", body: std + `,"subject":"` + strings.Repeat("ä", 10500) + `"}`, kind: tooLarge, want: `the attributes and the message's other headers have 63093 bytes when encoded; at most 61440 are allowed: carry more in the data`},

		{name: "half a pair in an attribute", body: std + `,"subject":"\udead"}`, want: `attribute "subject": ` + half},
		{name: "pair the wrong way round", body: std + `,"subject":"\udead\ud83d"}`, want: `attribute "subject": ` + half},
		{name: "two second halves", body: std + `,"subject":"\udead\udead"}`, want: `attribute "subject": ` + half},
		{name: "two faults, the first in the text", body: std + `,"subject":5,"time":"x"}`, want: `attribute "subject": is a number; it must be a JSON string`},
		{name: "half a pair in an extension", body: std + `,"ext":"\ud83dx"}`, want: `attribute "ext": ` + half},
		{name: "half a pair and an escape", body: std + `,"ext":"\ud83d\u0041"}`, want: `attribute "ext": ` + half},
		{name: "line break in an attribute", body: std + `,"subject":"a\nb"}`, want: `attribute "subject": ` + control},
		{name: "NUL in an extension", body: std + `,"ext":"a\u0000b"}`, want: `attribute "ext": ` + control},
		{name: "noncharacter", body: std + `,"ext":"\uffff"}`, want: `attribute "ext": has a Unicode noncharacter, which the specification forbids in attributes; remove it`},
	} {
		tc.header = contentType(structured)
		t.Run(tc.name, tc.run)
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"x%d":null`, i)
	}
	return b.String()
}

func TestParseBadBatch(t *testing.T) {
	good := std + "}"
	for _, tc := range []bad{
		{name: "object", body: good, want: `the body is not valid: byte 0: expected a JSON array of events, found '{'`},
		{name: "truncated", body: "[" + good, want: `the body is not valid: byte 77: the text ends where a comma or ] was expected`},
		{name: "trailing garbage", body: "[" + good + "]x", want: `the body is not valid: byte 78: expected the end of the text, found 'x'`},
		{name: "trailing comma", body: "[" + good + ",]", want: `the body is not valid: byte 78: expected a value, found ']'`},
		{name: "one bad member", body: "[" + good + `,{"specversion":"1.0","source":"/x","type":"t"},` + good + "]", want: `event 1: attribute "id": is missing; every event needs it`},
		{name: "null and a list", body: "[" + good + ",null,[]]", want: "event 1: is null; every member of a batch is a JSON object\nevent 2: is an array; every member of a batch is a JSON object"},
		{name: "another version", body: "[" + good + `,{"specversion":"0.3","id":"1","source":"/x","type":"t"}]`, want: `event 1: attribute "specversion": is "0.3"; Wye reads version "1.0" of the specification`},
		{name: "many bad members", body: "[" + strings.Repeat(`1,`, 24) + "1]", want: manyBad(20) + "and 5 more bad events"},
	} {
		tc.header = contentType(batched)
		t.Run(tc.name, tc.run)
	}
}

func manyBad(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "event %d: is a number; every member of a batch is a JSON object\n", i)
	}
	return b.String()
}

func TestDetailsOfOtherErrors(t *testing.T) {
	if got := cloudevent.Details(errors.New("else")); got != nil {
		t.Errorf("Details = %v, want none", got)
	}
}
