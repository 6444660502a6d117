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
	done   chan struct{}
}

// Watch starts to watch the rules at path. It is the directory that is watched,
// so a file that is replaced by a rename is noticed, and so is the swap of
// `..data` in a Kubernetes ConfigMap.
func Watch(r *Router, path string) (*Watcher, error) {
	dir := path
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		dir = filepath.Dir(path)
	}
	n, err := fsnotify.NewWatcher()
	if err == nil {
		err = n.Add(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("watch the rules in %s: %w", dir, err)
	}
	w := &Watcher{notify: n, done: make(chan struct{})}
	go w.run(r)
	return w, nil
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
			if e.Op != fsnotify.Chmod {
				settled.Reset(settleFor)
			}
		case err, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			r.log.Warn("watching the rules; use SIGHUP or POST /-/reload if a change is missed", "error", err)
		case <-settled.C:
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
