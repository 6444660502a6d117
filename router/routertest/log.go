package routertest

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
)

// logKept bounds what is shown of the log of a failed test.
const logKept = 3 << 10

// tailLog keeps the end of a log and shows it if the test fails.
type tailLog struct {
	mu   sync.Mutex
	text []byte
}

func newTailLog(t testing.TB, name string) *tailLog {
	l := &tailLog{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the log of %s:\n%s", name, l.String())
		}
	})
	return l
}

func (l *tailLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if extra := len(l.text) - logKept; extra > logKept {
		l.text = append(l.text[:0], l.text[extra:]...)
	}
	return len(p), nil
}

func (l *tailLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(bytes.Clone(l.text[max(len(l.text)-logKept, 0):]))
}

func (l *tailLog) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }
