package router

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// tidied is a router on a NATS server that a test can change behind its back.
type tidied struct {
	*Router
	t    *testing.T
	path string
	js   jetstream.JetStream
}

func startTidied(t *testing.T) *tidied {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("the NATS server did not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	quiet := slog.New(slog.DiscardHandler)
	b, err := bus.Open(t.Context(), bus.Config{URL: s.ClientURL(), Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	w := &tidied{t: t, path: filepath.Join(t.TempDir(), "rules.yaml")}
	w.write(0)
	if w.Router, err = Start(t.Context(), Config{Bus: b, Rules: w.path, Log: quiet}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Stop(t.Context()) })
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if w.js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *tidied) write(n int) {
	text := fmt.Sprintf("version: 1\ntargets: {q: {queue: {name: q}}}\nrules: {r%d: {on: \"**\", to: q}}\n", n)
	if err := os.WriteFile(w.path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// load puts the n-th rule set in force and waits until it is kept.
func (w *tidied) load(n int) (version string) {
	w.t.Helper()
	w.write(n)
	if err := w.Reload(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	version = w.set.Load().version
	w.until("the rule files are kept", func() bool {
		_, ok, err := w.bus.Recollect(w.t.Context(), version)
		return ok && err == nil
	})
	return version
}

func (w *tidied) until(what string, done func() bool) {
	w.t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(30 * time.Second); !done(); <-look.C {
		if time.Now().After(end) {
			w.t.Fatal("not in time: ", what)
		}
	}
}

// send has one event delivered, and its outcome stored.
func (w *tidied) send(id string) {
	w.t.Helper()
	w.settle(id)
	w.outcomes.sync(w.t.Context())
}

// settle has one event delivered.
func (w *tidied) settle(id string) {
	w.t.Helper()
	got, err := w.Accept(w.t.Context(), &cloudevent.Event{ID: id, Source: "/tidy", Type: "t"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.until("the event is settled", func() bool {
		floor, _ := w.window.state()
		return floor >= got[0].Sequence
	})
}

func (w *tidied) tidy() {
	w.t.Helper()
	if err := w.history.tidy(w.t.Context(), w.set.Load()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *tidied) purge(stream string, what ...jetstream.StreamPurgeOpt) {
	w.t.Helper()
	s, err := w.js.Stream(w.t.Context(), stream)
	if err == nil {
		err = s.Purge(w.t.Context(), what...)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// stored are the versions whose files are stored, and the sequences of the notes.
func (w *tidied) stored() (versions []string, notes []uint64) {
	w.t.Helper()
	memories, err := w.bus.Memories(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range memories {
		versions = append(versions, m.Name)
	}
	marks, err := w.bus.Marks(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range marks {
		notes = append(notes, m.From)
	}
	return versions, notes
}

// TestTidyLetsGoOfTheOld loads many rule sets, each for one event, and takes the
// oldest events away.
func TestTidyLetsGoOfTheOld(t *testing.T) {
	w := startTidied(t)
	const all, gone = 30, 27
	var versions []string
	for n := range all {
		versions = append(versions, w.load(n))
		w.send(fmt.Sprint(n))
	}
	if _, err := w.js.Publish(t.Context(), "wye.rulesets.torn.1", []byte("of a crash")); err != nil {
		t.Fatal(err)
	}
	w.tidy()
	if kept, notes := w.stored(); len(kept) != all || len(notes) != all {
		t.Errorf("all are needed, and kept are %d with %d notes", len(kept), len(notes))
	}
	w.purge("WYE_EVENTS", jetstream.WithPurgeSequence(gone+1))
	w.tidy()
	kept, notes := w.stored()
	if !slices.Equal(kept, versions[all-versionsKept:]) {
		t.Errorf("kept are %v\nof %v", kept, versions)
	}
	if !slices.Equal(notes, []uint64{28, 29, 30}) {
		t.Errorf("notes are left of %v", notes)
	}
	if left, err := w.bus.Fragments(t.Context()); len(left) > 0 || err != nil {
		t.Errorf("%v, %v", left, err)
	}
	for seq := uint64(gone + 1); seq <= all; seq++ {
		if p, err := w.Past(t.Context(), EventRef{Sequence: seq}); err != nil || p.Then == nil || p.Version != versions[seq-1] {
			t.Errorf("event %d: %+v, %v", seq, p, err)
		}
	}
	if walk, err := w.bus.WalkOutcomes(t.Context(), 1, time.Time{}, func(b []byte) bool { t.Errorf("%s", b); return true }); err != nil || !walk.End {
		t.Errorf("%+v, %v", walk, err)
	}
}

// TestTidyKeepsWhatDecided loads many rule sets after the only event: the one
// that decided it stays.
func TestTidyKeepsWhatDecided(t *testing.T) {
	w := startTidied(t)
	first := w.load(0)
	w.send("a")
	for n := range versionsKept + 5 {
		w.load(n + 1)
	}
	w.tidy()
	if kept, _ := w.stored(); len(kept) != versionsKept+1 || kept[0] != first {
		t.Errorf("%d are kept: %v", len(kept), kept)
	}
	if p, err := w.Past(t.Context(), EventRef{Sequence: 1}); err != nil || p.Then == nil || p.Version != first {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestTidyStoresAgain loses what was stored, as a store in trouble would.
func TestTidyStoresAgain(t *testing.T) {
	w := startTidied(t)
	for n := range 3 {
		w.load(n)
		w.send(fmt.Sprint(n))
	}
	w.purge("WYE_STATE", jetstream.WithPurgeSubject("wye.state.decided.*"))
	w.history.mu.Lock()
	w.history.unsaved = 2
	w.history.mu.Unlock()
	w.purge("WYE_RULESETS")
	w.history.mu.Lock()
	delete(w.history.kept, w.set.Load().version)
	w.history.mu.Unlock()
	w.tidy()
	w.Stop(t.Context())
	if kept, notes := w.stored(); !slices.Equal(notes, []uint64{2, 3}) || !slices.Equal(kept, []string{w.set.Load().version}) {
		t.Errorf("%v, %v", kept, notes)
	}
}
