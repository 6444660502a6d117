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
	dry     bool               // nothing is written
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
	if u.dry {
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
