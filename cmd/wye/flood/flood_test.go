package flood

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// buffer is read while a timer may write.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *buffer) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.Reset()
}

func TestRepeatedRecordsBecomeOneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out buffer
		log := slog.New(New(slog.NewTextHandler(&out, nil)))
		for i := range 100 {
			log.Warn("delivery failed", "target", "billing", "id", i)
		}
		log.Warn("delivery failed", "target", "audit", "id", 0)
		for range 3 {
			log.Info("rules loaded")
		}
		if n := strings.Count(out.String(), "delivery failed"); n != 2 {
			t.Errorf("%d lines at once, one for each target expected:\n%s", n, out.String())
		}
		if n := strings.Count(out.String(), "rules loaded"); n != 3 {
			t.Errorf("%d of 3 informing lines", n)
		}
		time.Sleep(Every) // virtual
		synctest.Wait()
		if !strings.Contains(out.String(), "target=billing id=99 times=99") {
			t.Errorf("no sum of the 99 that were held back:\n%s", out.String())
		}
		time.Sleep(2 * Every)
		synctest.Wait()
		out.Reset()
		log.Warn("delivery failed", "target", "billing", "id", 100)
		if !strings.Contains(out.String(), "id=100") {
			t.Error("after a quiet while the first is not logged at once")
		}
		time.Sleep(2 * Every)
		synctest.Wait()
	})
}
