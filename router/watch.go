package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settleFor is how long the rule files must be left alone before they are
// loaded: an editor or a checkout changes them in several steps.
const settleFor = 150 * time.Millisecond

// Watcher loads the rules again when their files change.
type Watcher struct {
	notify *fsnotify.Watcher
	path   string
	done   chan struct{}
}

// Watch starts to watch the rules at path. It is the directory that is watched,
// so a file that is replaced by a rename is noticed, and so is the swap of
// `..data` in a Kubernetes ConfigMap.
func Watch(r *Router, path string) (*Watcher, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch the rules in %s: %w", path, err)
	}
	w := &Watcher{notify: n, path: filepath.Clean(path), done: make(chan struct{})}
	if err := w.add(); err != nil {
		n.Close()
		return nil, fmt.Errorf("watch the rules in %s: %w", path, err)
	}
	go w.run(r)
	return w, nil
}

// add watches the directory above the rules and, where they are a directory,
// that too; again after it was replaced by another.
func (w *Watcher) add() error {
	if info, err := os.Stat(w.path); err == nil && info.IsDir() {
		if err := w.notify.Add(w.path); err != nil {
			return err
		}
	}
	return w.notify.Add(filepath.Dir(w.path))
}

// concerns tells whether a change may be one of the rules: any file beside a
// rule file may be what it is a link to, but not every file beside a directory.
func (w *Watcher) concerns(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	info, err := os.Stat(w.path)
	return err != nil || !info.IsDir() || filepath.Dir(e.Name) == w.path || e.Name == w.path
}

func (w *Watcher) run(r *Router) {
	defer close(w.done)
	settled := time.NewTimer(time.Hour)
	settled.Stop()
	for {
		select {
		case e, ok := <-w.notify.Events:
			if !ok {
				return
			}
			if w.concerns(e) {
				settled.Reset(settleFor)
			}
		case err, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			r.log.Warn("watching the rules; use SIGHUP or POST /-/reload if a change is missed", "error", err)
		case <-settled.C:
			if err := w.add(); err != nil {
				r.log.Warn("watching the rules; use SIGHUP or POST /-/reload if a change is missed", "error", err)
			}
			LogReload(r.log, r.Reload(r.readCtx))
		}
	}
}

// Close stops watching.
func (w *Watcher) Close() {
	w.notify.Close()
	<-w.done
}

// LogReload logs why a reload was refused, one line a problem.
func LogReload(log *slog.Logger, err error) {
	var refused *RulesError
	if errors.As(err, &refused) {
		log.Error("the rules were refused; the old ones are still in force", "problems", len(refused.Problems))
		for _, p := range refused.Problems {
			log.Error("rules", "file", p.File, "line", p.Line, "column", p.Column, "code", p.Code, "problem", p.Message, "hint", p.Hint)
		}
		return
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Error("the rules were refused; the old ones are still in force", "error", err)
	}
}
