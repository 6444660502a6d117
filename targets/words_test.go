package targets_test

import (
	"errors"
	"io"
	"log"
	"strings"
	"testing"
)

// discard is where a server's own words go.
var discard = log.New(io.Discard, "", 0)

func wantText(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %q", want)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// is says whether err wraps one of that type.
func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}
