package cloudevent

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2018-04-05T17:31:00Z":                "2018-04-05T17:31:00Z",
		"2018-04-05t17:31:00z":                "2018-04-05T17:31:00Z",
		"2018-04-05T17:31:00.5+02:00":         "2018-04-05T15:31:00.5Z",
		"2018-04-05T17:31:00-00:00":           "2018-04-05T17:31:00Z",
		"2018-04-05T17:31:00-23:59":           "2018-04-06T17:30:00Z",
		"2018-04-05T17:31:00.123456789Z":      "2018-04-05T17:31:00.123456789Z",
		"2018-04-05T17:31:00.1234567899999Z":  "2018-04-05T17:31:00.123456789Z",
		"2016-02-29T00:00:00Z":                "2016-02-29T00:00:00Z",
		"2000-02-29T00:00:00Z":                "2000-02-29T00:00:00Z",
		"2016-12-31T23:59:60Z":                "2017-01-01T00:00:00Z",
		"2016-12-31T15:59:60.25-08:00":        "2017-01-01T00:00:00.25Z",
		"2017-01-01T00:59:60+01:00":           "2017-01-01T00:00:00Z",
		"0000-01-01T00:00:00Z":                "0000-01-01T00:00:00Z",
		"9999-12-31T23:59:59Z":                "9999-12-31T23:59:59Z",
		"2018-04-05T17:31:00.000000000000+1:": "",
		"2018-04-05T17:31:00,5Z":              "",
		"2018-04-05T17:31:00.Z":               "",
		"2018-04-05T17:31:00":                 "",
		"2018-04-05T17:31:00.5":               "",
		"2018-04-05T17:31Z":                   "",
		"2018-04-05":                          "",
		"2018-04-05 17:31:00Z":                "",
		"2018-4-5T17:31:00Z":                  "",
		"18-04-05T17:31:00Z":                  "",
		"20180405T173100Z":                    "",
		"2018-04-05T7:31:00Z":                 "",
		"2018-04-05T17:31:00ZZ":               "",
		"2018-04-05T17:31:00+0200":            "",
		"2018-04-05T17:31:00+02":              "",
		"2018-04-05T17:31:00+24:00":           "",
		"2018-04-05T17:31:00+02:60":           "",
		"2018-04-05T24:00:00Z":                "",
		"2018-04-05T17:60:00Z":                "",
		"2018-04-05T17:31:61Z":                "",
		"2018-04-05T17:31:60Z":                "",
		"2018-00-05T17:31:00Z":                "",
		"2018-13-05T17:31:00Z":                "",
		"2018-04-00T17:31:00Z":                "",
		"2018-04-31T17:31:00Z":                "",
		"2019-02-29T00:00:00Z":                "",
		"1900-02-29T00:00:00Z":                "",
		"-018-04-05T17:31:00Z":                "",
		"yesterday":                           "",
		"":                                    "",
		" 2018-04-05T17:31:00Z":               "",
		"２018-04-05T17:31:00Z":                "",
	} {
		got, err := parseTime(text)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q accepted as %v", text, got)
		case want != "" && (err != nil || got.UTC().Format(time.RFC3339Nano) != want):
			t.Errorf("%q = %v, %v, want %s", text, got, err, want)
		}
	}
}

func TestTimestamp(t *testing.T) {
	if _, ok := (&Event{}).Timestamp(); ok {
		t.Error("an absent time is ok")
	}
	if at, ok := (&Event{Time: "2018-04-05T17:31:00Z"}).Timestamp(); !ok || at.Unix() != 1522949460 {
		t.Errorf("Timestamp = %v, %v", at, ok)
	}
}

// rfc3339 is the grammar, for what the standard library lets through: a comma,
// an hour of one digit, offsets of 24:00 and of 60 minutes.
var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// FuzzTime holds parseTime against the standard library, except for leap
// seconds, which that one refuses.
func FuzzTime(f *testing.F) {
	for _, seed := range []string{"2018-04-05T17:31:00Z", "2018-04-05T17:31:00.5+02:00", "2016-12-31T23:59:60Z", "2019-02-29t00:00:00z", "2018-04-05T17:31:00,5Z", "2018-04-05T7:31:00Z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseTime(text)
		if len(text) > 19 && text[17:19] == "60" {
			return
		}
		upper := strings.NewReplacer("t", "T", "z", "Z").Replace(text)
		want, wantErr := time.Parse(time.RFC3339Nano, upper)
		if (err == nil) != (wantErr == nil && rfc3339.MatchString(upper)) {
			t.Fatalf("%q: error %v, the standard library's %v", text, err, wantErr)
		}
		if err == nil && !got.Equal(want) {
			t.Fatalf("%q = %v, want %v", text, got, want)
		}
	})
}
