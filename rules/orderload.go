package rules

// compileKeys compiles the keys of the files that were read anew. Those that the
// files had before are kept.
func (l *Loader) compileKeys(files []*loadedFile) {
	for _, f := range files {
		if f == l.files[f.name] {
			continue
		}
		var before *loadedFile
		if l.last != nil {
			before = l.last.byName[f.name]
		}
		if !f.compileKeys(before) {
			f.problems = append(f.problems, f.keyProblems()...)
		}
	}
}

// compileKeys reports false where a key is wrong.
func (f *loadedFile) compileKeys(before *loadedFile) bool {
	right := true
	for _, t := range f.targets {
		if t.Order == nil || t.Order.By == "" {
			continue
		}
		key := f.keys[t.Order.By]
		if key == nil && before != nil {
			key = before.keys[t.Order.By]
		}
		if key == nil {
			var faults []fault
			key, faults = newKey(t.Order.By)
			right = right && faults == nil
		}
		if f.keys == nil {
			f.keys = map[string]*Key{}
		}
		f.keys[t.Order.By] = key
	}
	return right
}

// keyProblems is what is wrong with the keys of the file, and where.
func (f *loadedFile) keyProblems() (problems Problems) {
	lines := f.lines()
	out, _ := parseFile(lines)
	for _, t := range out.targets {
		if t.by == nil {
			continue
		}
		_, faults := newKey(t.Order.By)
		places := scalarPlaces(lines, t.by)
		for _, fault := range faults {
			problems = append(problems, lines.problem(places.at(fault.offset), fault.code, fault.message, fault.hint))
		}
	}
	return problems
}

// ordersOf are the keys of the targets, by their names.
func ordersOf(files []*loadedFile) map[string]*Key {
	var orders map[string]*Key
	for _, f := range files {
		for _, t := range f.targets {
			if t.Order == nil {
				continue
			}
			if orders == nil {
				orders = map[string]*Key{}
			}
			orders[t.Name] = f.keys[t.Order.By]
		}
	}
	return orders
}
