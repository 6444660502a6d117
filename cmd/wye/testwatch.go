package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/cases"
)

// settleFor is how long files must be left alone before the tests run again: an
// editor writes a file in several steps, and Git many files.
const settleFor = 50 * time.Millisecond

// keepRunning runs the tests, and again whenever what they are made of changes,
// until it is interrupted.
func (t *testRun) keepRunning(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return failed(fmt.Errorf("--watch: the files cannot be watched: %w", err))
	}
	defer notify.Close()
	w := &testWatch{testRun: t, notify: notify}
	for first := true; ; first = false {
		if err := w.round(first); err != nil {
			return failed(err)
		}
		if !w.awaitChange(ctx) {
			return nil
		}
	}
}

// testWatch is a run that is repeated.
type testWatch struct {
	*testRun
	notify  *fsnotify.Watcher
	seen    map[string][sha256.Size]byte // the files of the latest run, by name
	changed []string
}

// round runs the tests once and shows what came out.
func (w *testWatch) round(first bool) error {
	if colorOn(w.out) {
		fmt.Fprint(w.out, "\x1b[H\x1b[2J\x1b[3J")
	}
	if !first {
		fmt.Fprintln(w.talk, "changed: "+strings.Join(w.changed, ", "))
	}
	before := w.look(slices.Collect(maps.Keys(w.seen)))
	all := w.all()
	if _, err := w.show(all); err != nil {
		return err
	}
	var files []string
	for _, one := range all {
		files = append(files, one.files...)
	}
	w.seen = w.look(files)
	for name := range w.seen {
		if sum, known := before[name]; known {
			w.seen[name] = sum // what changed during the run is a change
		}
	}
	w.follow()
	fmt.Fprintf(w.talk, "watching %s; ctrl-C ends\n", count(len(w.seen), "file"))
	return nil
}

// look reads the files that the tests were made of, and those that belong to the
// rule sets now.
func (w *testWatch) look(files []string) map[string][sha256.Size]byte {
	for _, path := range w.paths {
		files = append(files, cases.Files(path)...)
	}
	seen := map[string][sha256.Size]byte{}
	for _, name := range files {
		name = filepath.Clean(name)
		if _, known := seen[name]; !known {
			text, _ := os.ReadFile(name) // what cannot be read is as if it were empty, until it can
			seen[name] = sha256.Sum256(text)
		}
	}
	return seen
}

// follow watches the directories that the files are in, and those of the rule
// sets, in which files may appear. It watches directories, because most editors
// put a new file in the place of the old one.
func (w *testWatch) follow() {
	dirs := map[string]bool{}
	for name := range w.seen {
		dirs[filepath.Dir(name)] = true
	}
	for _, path := range w.paths {
		root, below := rules.Root(path)
		if info, err := os.Stat(root); err != nil || !info.IsDir() {
			root, below = filepath.Dir(root), false
		}
		dirs[root] = true
		if below {
			maps.Copy(dirs, directoriesBelow(root))
		}
	}
	for dir := range dirs {
		for w.notify.Add(dir) != nil && dir != filepath.Dir(dir) { // it is not there; it may come
			dir = filepath.Dir(dir)
		}
	}
}

func directoriesBelow(root string) map[string]bool {
	dirs := map[string]bool{}
	filepath.WalkDir(root, func(name string, e os.DirEntry, err error) error {
		switch {
		case err != nil || !e.IsDir():
			return nil
		case name != root && strings.HasPrefix(e.Name(), "."):
			return filepath.SkipDir
		}
		dirs[name] = true
		return nil
	})
	return dirs
}

// awaitChange waits until a file says something else, and is left alone. It
// reports false where the watch is over.
func (w *testWatch) awaitChange(ctx context.Context) bool {
	for {
		now := w.look(slices.Collect(maps.Keys(w.seen)))
		if w.changed = differing(w.seen, now); len(w.changed) > 0 {
			return true
		}
		w.follow() // a directory may have come
		select {
		case <-ctx.Done():
			return false
		case <-w.notify.Events:
		case <-w.notify.Errors: // too many changes at once: all files are looked at anyway
		}
		if !w.settle(ctx) {
			return false
		}
	}
}

// settle waits until no file has changed for a moment.
func (w *testWatch) settle(ctx context.Context) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-w.notify.Events:
		case <-time.After(settleFor):
			return true
		}
	}
}

// differing are the names of files that differ between two looks, or are in only
// one of them.
func differing(before, now map[string][sha256.Size]byte) (names []string) {
	for name, sum := range now {
		if was, known := before[name]; !known || was != sum {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
