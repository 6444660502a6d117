package rules

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Progress is how far a load is.
type Progress struct {
	What  string // "files" are read, then "conditions" are compiled
	Done  int
	Total int
}

// counter tells of progress. What it returns is called with how much more is
// done.
func (l *Loader) counter(what string, total int) func(more int) {
	if l.Progress == nil {
		return func(int) {}
	}
	var mu sync.Mutex
	done := 0
	return func(more int) {
		mu.Lock()
		defer mu.Unlock()
		done += more
		l.Progress(Progress{what, done, total})
	}
}

// chunk is how many conditions are compiled by one worker before it looks for
// more: few enough for all processors to end at the same time.
const chunk = 256

// piece is some of the rules of one file.
type piece struct {
	file     *loadedFile
	from, to int
	faulty   bool
}

// compile compiles the conditions of the files that were read anew, on all
// processors, and adds what is wrong with them to the files' problems. It
// returns how many conditions there were.
func (l *Loader) compile(files []*loadedFile) int {
	pieces, total := l.pieces(files)
	done := l.counter("conditions", total)
	inParallel(len(pieces), func(i int) {
		p := &pieces[i]
		p.compile(l.shapes)
		done(p.to - p.from)
	})
	faulty := map[*loadedFile]bool{}
	for _, p := range pieces {
		if p.faulty && !faulty[p.file] {
			faulty[p.file] = true
			p.file.problems = append(p.file.problems, p.file.conditionProblems(l.shapes)...)
		}
	}
	return total
}

func (l *Loader) pieces(files []*loadedFile) (pieces []piece, total int) {
	for _, f := range files {
		if f == l.files[f.name] || len(f.rules) == 0 {
			continue
		}
		f.parts = make([]conditionParts, len(f.rules))
		total += len(f.rules)
		for from := 0; from < len(f.rules); from += chunk {
			pieces = append(pieces, piece{file: f, from: from, to: min(from+chunk, len(f.rules))})
		}
	}
	return pieces, total
}

func (p *piece) compile(known *shapes) {
	for i := p.from; i < p.to; i++ {
		r := p.file.rules[i]
		if r.When == "" || p.file.adopted != nil && p.file.adopted[i] {
			continue
		}
		sh, consts, faults := known.of(r.When)
		p.file.parts[i] = conditionParts{sh, consts}
		p.faulty = p.faulty || faults != nil
	}
}

// conditionProblems is what is wrong with the conditions of the file, and where.
func (f *loadedFile) conditionProblems(known *shapes) (problems Problems) {
	out, _ := parseFile(f.lines())
	for i := range out.rules {
		problems = append(problems, out.rules[i].conditionProblems(known)...)
	}
	return problems
}

func (r *parsedRule) conditionProblems(known *shapes) (problems Problems) {
	if r.when == nil {
		return nil
	}
	_, _, faults := known.of(r.When)
	if len(faults) == 0 {
		return nil
	}
	places := scalarPlaces(r.file, r.when)
	for _, f := range faults {
		p := r.file.problem(places.at(f.offset), f.code, f.message, f.hint)
		p.Rule = r.Name
		problems = append(problems, p)
	}
	return problems
}

// inParallel calls do with 0 to n-1 on all processors.
func inParallel(n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}
