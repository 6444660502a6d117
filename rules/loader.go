package rules

import (
	"os"
	"sync"
	"time"
)

// Loader loads the same rule set again and again, and does what [Load] does at
// the cost of what has changed since: files that are as they were are not read,
// and rules that are as they were are not compiled.
//
// The zero value is ready. A Loader is safe for use by many goroutines; what it
// returns is never changed by a later load.
type Loader struct {
	// Progress, where it is set, is told how far a load is: often, from any
	// goroutine, one call at a time.
	Progress func(Progress)

	mu     sync.Mutex
	files  map[string]*loadedFile // by name, as they were read last
	last   *loadedSet             // the latest set without an error
	shapes *shapes                // apart from the Loader, because matchers hold on to it
	report Report
}

// loadedSet is a rule set with what the next load needs of it.
type loadedSet struct {
	files    []*loadedFile
	byName   map[string]*loadedFile
	set      *Ruleset
	compiled []*CompiledRule // one for each rule of the set
	matcher  *Matcher
}

// input is a file to load: one that is in memory, or one to be read.
type input struct {
	Source          // with its name as it is shown
	within   string // its name below the root of the set
	inMemory bool
}

// Load does what [Load] does.
func (l *Loader) Load(path string) (*Ruleset, *Matcher, Problems) {
	names, problems := Files(path)
	if problems.HasErrors() && len(names) == 0 {
		return nil, nil, problems
	}
	root, _ := Root(path)
	inputs := make([]input, len(names))
	for i, name := range names {
		inputs[i].Name, inputs[i].within = name, below(root, name)
	}
	return l.load(inputs, problems)
}

// LoadSources does what [LoadSources] does.
func (l *Loader) LoadSources(files ...Source) (*Ruleset, *Matcher, Problems) {
	inputs := make([]input, len(files))
	for i, f := range files {
		inputs[i] = input{f, f.within(), true}
	}
	return l.load(inputs, nil)
}

// load loads the files. What is wrong with the path already is known.
func (l *Loader) load(inputs []input, problems Problems) (*Ruleset, *Matcher, Problems) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shapes == nil {
		l.shapes = new(shapes)
	}
	start, full := time.Now(), l.shapes.full.Load()
	files := l.read(inputs)
	compiled := l.compile(files)
	l.compileKeys(files)
	l.keep(files)

	problems = append(problems, problemsOf(files)...)
	next, ps := l.link(files)
	problems = append(problems, ps...).bounded()
	if problems.HasErrors() {
		return nil, nil, problems
	}
	problems = append(problems, next.unindexed()...).bounded()
	l.last = next
	l.report = next.report()
	l.report.Compiled, l.report.Checked = compiled, int(l.shapes.full.Load()-full)
	l.report.Shapes, l.report.Took = l.shapes.count(), time.Since(start)
	return next.set, next.matcher, problems
}

// read is every file as it is now: those that have not changed since they were
// read last are the same as then.
func (l *Loader) read(inputs []input) []*loadedFile {
	files := make([]*loadedFile, len(inputs))
	done := l.counter("files", len(inputs))
	inParallel(len(inputs), func(i int) {
		files[i] = l.file(inputs[i])
		done(1)
	})
	return files
}

func (l *Loader) file(in input) *loadedFile {
	var info os.FileInfo
	before := l.files[in.Name]
	if before != nil && before.within != in.within {
		before = nil
	}
	if !in.inMemory {
		var err error
		if info, err = os.Stat(in.Name); err == nil && before.isStill(info) {
			return before
		}
		if in.Text, err = readFile(in.Name); err != nil {
			p := unreadable(in.Name, err)
			return &loadedFile{name: in.Name, within: in.within, problems: Problems{p}, broken: true}
		}
	}
	f := newLoadedFile(in, info)
	if before != nil && before.sum == f.sum {
		return before.readAgain(info)
	}
	f.parse()
	if l.last != nil {
		f.adopt(l.last.byName[in.Name])
	}
	return f
}

// keep remembers the files as they are, and forgets those that are gone.
func (l *Loader) keep(files []*loadedFile) {
	l.files = make(map[string]*loadedFile, len(files))
	for _, f := range files {
		l.files[f.name] = f
	}
}

func problemsOf(files []*loadedFile) (problems Problems) {
	for _, f := range files {
		problems = append(problems, f.problems...)
	}
	return problems
}
