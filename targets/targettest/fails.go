package targettest

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/targets"
)

// class is what the router would do about an error.
type class struct {
	permanent, brief, gone, pause, everyone bool
}

func classOf(err error) class {
	var permanent *targets.Permanent
	var brief *targets.Brief
	var gone *targets.Gone
	var pause *targets.RetryAfter
	c := class{
		permanent: errors.As(err, &permanent), brief: errors.As(err, &brief),
		gone: errors.As(err, &gone), pause: errors.As(err, &pause),
	}
	c.everyone = c.pause && pause.Everyone
	return c
}

func refuses(t *testing.T, k Kind) {
	if err := failure(t, k, k.Refuses); !classOf(err).permanent {
		t.Errorf("not permanent: %v", err)
	}
}

func fails(t *testing.T, k Kind) {
	if c := classOf(failure(t, k, k.Fails)); c != (class{}) {
		t.Errorf("not an ordinary failure: %+v", c)
	}
}

func unreachable(t *testing.T, k Kind) {
	if c := classOf(failure(t, k, k.Unreachable)); c != (class{}) {
		t.Errorf("not an ordinary failure: %+v", c)
	}
}

func throttles(t *testing.T, k Kind) {
	if c := classOf(failure(t, k, k.Throttles)); c != (class{pause: true, everyone: true}) {
		t.Errorf("not a pause for everyone: %+v", c)
	}
}

func gone(t *testing.T, k Kind) {
	if c := classOf(failure(t, k, k.Gone)); c != (class{gone: true}) {
		t.Errorf("not gone: %+v", c)
	}
}

// failure delivers to a receiver that does not take the event, and looks at the
// words of the error.
func failure(t *testing.T, k Kind, make func(testing.TB) targets.Target) error {
	t.Helper()
	if make == nil {
		t.Skip("not applicable")
	}
	target := make(t)
	defer closeOnce(t, target)
	err := target.Deliver(patient(t), Delivery(1, Events()["every attribute"]))
	if err == nil {
		t.Fatal("delivered")
	}
	CheckError(t, err, k.Secrets...)
	return err
}

func hangs(t *testing.T, k Kind) {
	if k.Hangs == nil {
		t.Skip("not applicable")
	}
	target, _ := k.Hangs(t, 300*time.Millisecond)
	defer closeOnce(t, target)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := target.Deliver(ctx, Delivery(1, numbered(1)))
	if err == nil {
		t.Fatal("delivered")
	}
	CheckError(t, err, k.Secrets...)
	if c := classOf(err); c != (class{}) {
		t.Errorf("not an ordinary failure: %+v", c)
	}
}

func stops(t *testing.T, k Kind) {
	if k.Hangs == nil {
		t.Skip("not applicable")
	}
	target, held := k.Hangs(t, patience)
	defer closeOnce(t, target)
	ctx, cancel := context.WithCancel(patient(t))
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- target.Deliver(ctx, Delivery(1, numbered(1))) }()
	await(t, held)
	cancel()
	err := await(t, done)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error does not say that it was stopped: %v", err)
	}
	if c := classOf(err); c != (class{}) {
		t.Errorf("not an ordinary failure: %+v", c)
	}
	CheckError(t, err, k.Secrets...)
}

// await is the next value, if it comes as soon as it should.
func await[T any](t *testing.T, values <-chan T) T {
	t.Helper()
	select {
	case v := <-values:
		return v
	case <-time.After(patience / 2):
		t.Fatal("nothing happened")
		panic("not reached")
	}
}

func startsNot(t *testing.T, k Kind) {
	target, _ := k.Well(t)
	defer closeOnce(t, target)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := target.Deliver(ctx, Delivery(1, numbered(1)))
	if err == nil {
		t.Fatal("delivered, though the context had ended")
	}
	CheckError(t, err, k.Secrets...)
}

// innerWords are what a person should not have to read: types, addresses of
// memory, formatting mistakes, the words of libraries and of the language.
var innerWords = regexp.MustCompile(`\*[a-z]+\.[A-Z]|&\{|0xc0|%!|nats:|net/http|http:\s|http2:|x509:|tls:|dial tcp|read tcp|write tcp|syscall|context (deadline|canceled)|EOF|<nil>|err_code|jetstream\.`)

// CheckError holds the text of an error, and what it keeps of an answer, to what
// a person may and should read.
func CheckError(t testing.TB, err error, secrets ...string) {
	t.Helper()
	text := err.Error()
	if strings.TrimSpace(text) == "" {
		t.Error("an error without words")
	}
	if found := innerWords.FindString(text); found != "" {
		t.Errorf("inner words %q in: %s", found, text)
	}
	if answer := targets.AnswerOf(err); answer != nil {
		text += answer.Excerpt
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the secret %q in: %s", secret, text)
		}
	}
}
