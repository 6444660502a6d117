package cloudevent_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/schemas/cloudevent"
)

func text(v any) string { return fmt.Sprint(v) }

// TestStoredForm pins the form: what is on disk today must be read by every
// later version.
func TestStoredForm(t *testing.T) {
	e := order(func(e ev) {
		e.Subject, e.Time, e.DataContentType = "Euro €", "2018-04-05T17:31:00Z", "text/plain"
		e.Extensions = extensions("a", true, "b", int32(-7), "c", "5%", "d", "true")
		e.Headers = []cloudevent.Header{{Name: "user-agent", Value: "curl/8 (x)"}, {Name: "x-own", Value: ""}}
		e.Data = []byte{}
	})
	header, data := e.EncodeStored()
	want := map[string][]string{
		"ce-specversion": {"1.0"}, "ce-id": {"A-1"}, "ce-source": {"/shop"}, "ce-type": {"com.example.order"},
		"ce-subject": {"Euro%20%E2%82%AC"}, "ce-time": {"2018-04-05T17:31:00Z"}, "content-type": {"text/plain"},
		"ce-a": {"true"}, "ce-b": {"-7"}, "ce-c": {"5%25"}, "ce-d": {"true"},
		"wye-types": {"a=b,b=i"}, "wye-data": {"empty"}, "wye-h-user-agent": {"curl/8%20(x)"}, "wye-h-x-own": {""},
	}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if len(data) != 0 {
		t.Errorf("data = %q", data)
	}
	checkStored(t, e)
}

func TestStoredFormIsBinaryMode(t *testing.T) {
	e := mustParse(t, plainHeader(), []byte(smallData))
	header, data := e.EncodeStored()
	want := *e
	want.Headers = nil
	if diff := cmp.Diff(&want, mustParse(t, header, data)); diff != "" {
		t.Errorf("read as binary mode (-want +got):\n%s", diff)
	}
}

func TestDecodeStoredInOtherLetterCase(t *testing.T) {
	got, err := cloudevent.DecodeStored(map[string][]string{
		"Ce-Specversion": {"1.0"}, "CE-ID": {"1"}, "Ce-Source": {"/x"}, "Ce-Type": {"t"}, "Content-Type": {"text/plain"},
		"Ce-N": {"5"}, "Wye-Types": {"n=i"}, "Wye-Data": {"empty"}, "Wye-H-X-Env": {"test"}, "Nats-Msg-Id": {"7"}, "Empty": {},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &cloudevent.Event{
		ID: "1", Source: "/x", Type: "t", DataContentType: "text/plain", Data: []byte{},
		Extensions: extensions("n", int32(5)), Headers: []cloudevent.Header{{Name: "x-env", Value: "test"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

func TestDecodeStoredNonsense(t *testing.T) {
	for want, change := range map[string][2]string{
		`stored event: it has no id, source or type`:                                                          {"ce-id", ""},
		`stored event: header "ce-subject": its value is damaged`:                                             {"ce-subject", "%4"},
		`stored event: header "ce-ext": its value is damaged`:                                                 {"ce-ext", "%zz"},
		`stored event: header "wye-h-a": its value is damaged`:                                                {"wye-h-a", "%"},
		`stored event: header "ce-specversion": it is of another version of the specification`:                {"ce-specversion", "2.0"},
		`stored event: header "wye-types": its value is damaged`:                                              {"wye-types", "n=i"},
		`stored event: header "wye-types": its value is damaged` + "\x00no kind":                              {"wye-types", "s"},
		`stored event: header "wye-types": its value is damaged` + "\x00unknown kind":                         {"wye-types", "s=x"},
		`stored event: header "wye-types": its value is damaged` + "\x00no integer":                           {"wye-types", "s=i"},
		`stored event: header "wye-types": its value is damaged` + "\x00no boolean":                           {"wye-types", "s=b"},
		`stored event: header "wye-types": its value is damaged` + "\x00an entry of nothing after a good one": {"wye-types", "i=i,"},
	} {
		header := map[string][]string{"ce-id": {"1"}, "ce-source": {"/x"}, "ce-type": {"t"}, "ce-s": {"text"}, "ce-i": {"5"}}
		header[change[0]] = []string{change[1]}
		want, _, _ = strings.Cut(want, "\x00")
		if _, err := cloudevent.DecodeStored(header, nil); err == nil || err.Error() != want {
			t.Errorf("%v: error %v, want %s", change, err, want)
		}
	}
}
