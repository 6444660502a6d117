package router

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/wye-events/wye/rules"
)

// settleFor is how long the rule files must be left alone before they are
// loaded: an editor or a checkout changes them in several steps.
const settleFor = 150 * time.Millisecond

// Follower brings changes of the rules' source into force.
type Follower struct {
	stop func()
	done chan struct{}
}

// Follow brings changes of the rules' source into force until the follower is
// closed: a path is watched, a Git repository is asked every so often (0 for
// [DefaultPoll]).
func Follow(r *Router, poll time.Duration) (*Follower, error) {
	if r.sourcing.from.Address().Git() {
		return r.follow(poll), nil
	}
	path := r.sourcing.from.Address().Path
	w, err := watch(path)
	if err != nil {
		return nil, fmt.Errorf("watch the rules in %s: %w", path, err)
	}
	f := &Follower{stop: func() { w.notify.Close() }, done: make(chan struct{})}
	go func() {
		defer close(f.done)
		w.run(r)
	}()
	return f, nil
}

// Close ends it.
func (f *Follower) Close() {
	f.stop()
	<-f.done
}

// watcher watches the files of a path.
type watcher struct {
	notify *fsnotify.Watcher
	root   string
	below  bool // directories below it too
}

// watch starts to watch a path. It is the directory that is watched, so a file that
// is replaced by a rename is noticed, and so is the swap of `..data` in a Kubernetes
// ConfigMap.
func watch(path string) (*watcher, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watcher{notify: n}
	w.root, w.below = rules.Root(path)
	if err := w.add(); err != nil {
		n.Close()
		return nil, err
	}
	return w, nil
}

// add watches the directory above the rules and, where they are a directory,
// that too, and where they are a tree all below it; again after it was replaced by
// another.
func (w *watcher) add() error {
	if info, err := os.Stat(w.root); err == nil && info.IsDir() {
		if err := w.notify.Add(w.root); err != nil {
			return err
		}
		if err := w.addBelow(); err != nil {
			return err
		}
	}
	return w.notify.Add(filepath.Dir(w.root))
}

// addBelow watches the directories that the loader reads. One that goes meanwhile
// is none.
func (w *watcher) addBelow() error {
	if !w.below {
		return nil
	}
	return filepath.WalkDir(w.root, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil || !e.IsDir() || name == w.root:
			return nil
		case strings.HasPrefix(e.Name(), "."):
			return filepath.SkipDir
		}
		if err := w.notify.Add(name); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	})
}

// concerns tells whether a change may be one of the rules: any file beside a
// rule file may be what it is a link to, but not every file beside a directory.
func (w *watcher) concerns(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	info, err := os.Stat(w.root)
	if err != nil || !info.IsDir() || e.Name == w.root || filepath.Dir(e.Name) == w.root {
		return true
	}
	return w.below && strings.HasPrefix(e.Name, w.root+string(filepath.Separator))
}

func (w *watcher) run(r *Router) {
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
			_ = r.Reload(r.readCtx) // what came of it is logged, and in the status
		}
	}
}
