package cases

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/wye-events/wye/rules"
)

// Update is what [Suite.Update] wrote, and what it did not.
type Update struct{ Changes []Change }

// Change is what became of one key of a case that failed.
type Change struct {
	Test    string
	Key     string
	Place   rules.Place
	Written string // what stands there now; "" where nothing was written
	Refused string // why nothing was
}

// Written is how many keys were written.
func (u *Update) Written() (n int) {
	for _, c := range u.Changes {
		if c.Refused == "" {
			n++
		}
	}
	return n
}

// Update writes what came out into the cases of a report that failed: into
// `expect`, `expect_targets` and `payload`. All else in the files stays as it is,
// comments and layout too. What it does not write it says, with the reason. A
// file is written whole or not at all, and only where it says afterwards what it
// is to say.
func (s *Suite) Update(r *Report) Update {
	byFile := map[string][]*Result{}
	for i := range r.Results {
		if result := &r.Results[i]; !result.Passed() {
			name := result.Case.Place.File
			byFile[name] = append(byFile[name], result)
		}
	}
	var update Update
	for _, file := range s.tests {
		if failed := byFile[file.Name]; failed != nil {
			u := &updater{suite: s, file: file, editor: newEditor(file.Text())}
			u.update(failed)
			update.Changes = append(update.Changes, u.changes...)
		}
	}
	return update
}

// updater updates one file.
type updater struct {
	*editor
	suite   *Suite
	file    *rules.TestFile
	root    *yaml.Node
	changes []Change
	wrote   map[*Case][]string // keys
}

func (u *updater) update(failed []*Result) {
	u.wrote = map[*Case][]string{}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(u.text), &document); err != nil || len(document.Content) == 0 {
		panic("cases: a file that was read cannot be read") // it was, by the same parser
	}
	u.root = document.Content[0]
	for _, r := range failed {
		u.result(r)
	}
	if len(u.edits) == 0 {
		return
	}
	text, ok := u.apply()
	if !ok || !u.says(text, failed) {
		u.refuseAll("it cannot be written without changing something else; change it by hand")
		return
	}
	if err := u.write(text); err != nil {
		u.refuseAll(err.Error())
	}
}

// refuseAll says of all changes that they were not written.
func (u *updater) refuseAll(why string) {
	for i := range u.changes {
		if c := &u.changes[i]; c.Refused == "" {
			c.Written, c.Refused = "", why
		}
	}
}

// result changes what one case expects.
func (u *updater) result(r *Result) {
	node := caseAt(u.root, r.Case.Place)
	var keys []string
	for _, f := range r.Faults {
		if !slices.Contains(keys, f.Key) {
			keys = append(keys, f.Key)
		}
	}
	for _, key := range keys {
		change := Change{Test: r.Case.Name, Key: key, Place: r.Case.Expect.Places[key]}
		if change.Place.Line == 0 {
			change.Place = r.Case.Place
		}
		before := len(u.edits)
		change.Written, change.Refused = u.key(r, node, key)
		if change.Refused != "" {
			u.edits = u.edits[:before]
		} else {
			u.wrote[r.Case] = append(u.wrote[r.Case], key)
		}
		u.changes = append(u.changes, change)
	}
}

// key changes one key of a case. It says what stands there then, or why not.
func (u *updater) key(r *Result, n *yaml.Node, key string) (written, refused string) {
	switch failing := failingRule(r); {
	case failing != "":
		return "", fmt.Sprintf("the condition of rule %s fails on the event: mend it, or write `error: %s` if that is meant", failing, failing)
	case r.Case.shared[key]:
		return "", fmt.Sprintf("`%s` stands at the test, for all its rows; write it into this row", key)
	case key == "not":
		return "", "`not` says that it must not happen; change it by hand if it may"
	case key == "error":
		return "", "change `error` by hand if the condition no longer fails"
	case key == "expect_some":
		return "", "`expect_some` says only what matters; change it by hand"
	}
	keyNode, value := entryOf(n, key)
	if value == nil {
		return "", "it is not found in the file"
	}
	ok := false
	switch key {
	case "expect":
		written, ok = u.expect(r, keyNode, value)
	case "expect_targets":
		written, ok = listText(r.outcome.targets), u.list(keyNode, value, r.outcome.targets)
	case "payload":
		return u.payload(r, value)
	}
	if !ok {
		return "", "it is written in a way that is not rewritten (comments inside of brackets, or a text over several lines); change it by hand"
	}
	return written, ""
}

// failingRule is a rule that fails though nobody expects it.
func failingRule(r *Result) string {
	for _, f := range r.Faults {
		if f.Kind == FaultFailed || f.Kind == FaultNotMatched && r.outcome.failure(f.Rule) != nil {
			return f.Rule
		}
	}
	return ""
}

// expect writes the rules that matched.
func (u *updater) expect(r *Result, key, value *yaml.Node) (string, bool) {
	if value.Kind != yaml.MappingNode {
		names := matchedNames(r.outcome)
		return listText(names), u.list(key, value, names)
	}
	var entries []string // the new mapping, those that were there first
	var items []item
	remove, seen := map[int]bool{}, map[string]bool{}
	before := len(u.edits)
	for i := 0; i+1 < len(value.Content); i += 2 {
		name, targets := value.Content[i], value.Content[i+1]
		items = append(items, item{name, targets})
		seen[name.Value] = true
		m := r.outcome.match(name.Value)
		if m == nil {
			remove[i/2] = true
			continue
		}
		text, changed := u.targets(targets, m.to)
		entries = append(entries, name.Value+": "+text)
		if changed && value.Style&yaml.FlowStyle == 0 && !u.set(targets, text) {
			return "", false
		}
	}
	var add []string
	for _, m := range r.outcome.matched {
		if !seen[m.rule.Name] {
			add = append(add, m.rule.Name+": "+listText(m.to))
		}
	}
	whole := "{" + strings.Join(append(entries, add...), ", ") + "}"
	if value.Style&yaml.FlowStyle != 0 || len(items) == 0 {
		u.edits = u.edits[:before]
		return whole, u.set(value, whole)
	}
	return whole, u.setItems(key, items, remove, add, "{}")
}

// targets is how the targets of a rule are written: as they were, where these are
// the same.
func (u *updater) targets(n *yaml.Node, names []string) (text string, changed bool) {
	var before []string
	switch n.Kind {
	case yaml.SequenceNode:
		for _, c := range n.Content {
			before = append(before, c.Value)
		}
	default:
		before = []string{n.Value}
	}
	if !sameNames(before, names) {
		if n.Kind == yaml.ScalarNode && len(names) == 1 {
			return names[0], true
		}
		return listText(names), true
	}
	if n.Kind == yaml.ScalarNode {
		return n.Value, false
	}
	return listText(before), false
}

// list writes a list of names.
func (u *updater) list(key, value *yaml.Node, names []string) bool {
	if value.Kind == yaml.ScalarNode && len(names) == 1 {
		return u.set(value, names[0])
	}
	if value.Kind == yaml.ScalarNode || value.Style&yaml.FlowStyle != 0 {
		return u.set(value, listText(names))
	}
	var items []item
	remove, seen := map[int]bool{}, map[string]bool{}
	for i, n := range value.Content {
		items = append(items, item{n, n})
		seen[n.Value] = true
		if !slices.Contains(names, n.Value) {
			remove[i] = true
		}
	}
	var add []string
	for _, name := range names {
		if !seen[name] {
			add = append(add, "- "+name)
		}
	}
	return u.setItems(key, items, remove, add, "[]")
}

func listText(names []string) string { return "[" + strings.Join(names, ", ") + "]" }

func matchedNames(o *outcome) (names []string) {
	for _, m := range o.matched {
		names = append(names, m.rule.Name)
	}
	return names
}

// payload writes the values that targets got in the place of those expected.
func (u *updater) payload(r *Result, value *yaml.Node) (written, refused string) {
	var all []string
	for _, f := range r.Faults {
		switch {
		case f.Key != "payload":
			continue
		case f.Kind == FaultNotDelivered:
			return "", f.Message + "; change it by hand"
		case f.difference.absent:
			return "", f.Path + " is not there in what the target gets; remove it by hand"
		}
		n := value
		if n.Kind == yaml.SequenceNode {
			n = n.Content[f.payload]
		}
		for _, step := range f.difference.steps {
			n = child(n, step)
		}
		text := shownWhole(f.Got)
		if n == nil || !u.set(n, text) {
			return "", f.Path + " is written over several lines, or with a comment inside; change it by hand"
		}
		all = append(all, f.Path+": "+shown(f.Got))
	}
	return strings.Join(all, ", "), ""
}

func child(n *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case string:
		if n != nil && n.Kind == yaml.MappingNode {
			_, value := entryOf(n, step)
			return value
		}
	case int:
		if n != nil && n.Kind == yaml.SequenceNode && step < len(n.Content) {
			return n.Content[step]
		}
	}
	return nil
}

// entryOf is an entry of a mapping; nil where it has none.
func entryOf(n *yaml.Node, key string) (keyNode, value *yaml.Node) {
	for i := 0; n != nil && n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

// caseAt is the mapping of the case or row that begins at a place.
func caseAt(n *yaml.Node, at rules.Place) *yaml.Node {
	_, list := entryOf(n, "tests")
	if list == nil {
		_, list = entryOf(n, "each")
	}
	if list == nil {
		return nil
	}
	for _, c := range list.Content {
		if c.Line == at.Line && c.Column == at.Column {
			return c
		}
		if row := caseAt(c, at); row != nil {
			return row
		}
	}
	return nil
}

// says tells whether the new text says what it is to say: what was written fits
// what came out, and all else is as it was.
func (u *updater) says(text string, failed []*Result) bool {
	now, problems := rules.ReadTests(rules.Source{Name: u.file.Name, Text: []byte(text)})
	if now == nil || len(problems) > 0 || len(now.Cases) != len(u.file.Cases) {
		return false
	}
	wrote := map[rules.Place]*Result{}
	for _, r := range failed {
		if u.wrote[r.Case] != nil {
			wrote[r.Case.Place] = r
		}
	}
	for i := range now.Cases {
		if !u.sameCase(&u.file.Cases[i], &now.Cases[i], wrote) {
			return false
		}
	}
	return sameButPlaces(u.file.Samples, now.Samples)
}

func (u *updater) sameCase(before, after *rules.TestCase, wrote map[rules.Place]*Result) bool {
	if len(before.Rows) != len(after.Rows) {
		return false
	}
	for i := range before.Rows {
		if !u.sameCase(&before.Rows[i], &after.Rows[i], wrote) {
			return false
		}
	}
	then, now := *before, *after
	then.Rows, now.Rows = nil, nil
	if r := wrote[before.Place]; r != nil {
		again := *r.Case
		again.Expect = now.Expect
		for _, f := range compare(&again, r.outcome) {
			if slices.Contains(u.wrote[r.Case], f.Key) {
				return false
			}
		}
		for _, key := range u.wrote[r.Case] {
			forget(&then.Expect, key)
			forget(&now.Expect, key)
		}
	}
	return sameButPlaces(then, now)
}

// forget drops what is expected under a key.
func forget(x *rules.TestExpectation, key string) {
	switch key {
	case "expect":
		x.Rules = nil
	case "expect_targets":
		x.Targets = nil
	case "payload":
		x.Payload = nil
	}
}

// write puts the text in the place of the file, as a whole.
func (u *updater) write(text string) error {
	name, err := filepath.EvalSymlinks(u.file.Name)
	if err != nil {
		return fmt.Errorf("the file is not there any more: %s", plainCause(err))
	}
	there, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("the file cannot be read: %s", plainCause(err))
	}
	mark := ""
	if strings.HasPrefix(string(there), byteOrderMark) {
		mark = byteOrderMark
	}
	if string(there) != mark+u.text {
		return fmt.Errorf("the file has changed meanwhile; run the tests again")
	}
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("the file cannot be read: %s", plainCause(err))
	}
	beside := name + ".new"
	if err := os.WriteFile(beside, []byte(mark+text), info.Mode().Perm()); err != nil {
		return fmt.Errorf("the file cannot be written: %s", plainCause(err))
	}
	if err := os.Rename(beside, name); err != nil {
		os.Remove(beside)
		return fmt.Errorf("the file cannot be written: %s", plainCause(err))
	}
	return nil
}

const byteOrderMark = "\xef\xbb\xbf"
