package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// firstTestCode is from where on codes are those of test files and of other
// sources of rules, whose own tests run their examples.
const firstTestCode = "WYE100"

// TestStories runs the example of every code: what is bad has it, and what is
// mended has not, nor anything else that is wrong.
func TestStories(t *testing.T) {
	for _, c := range Codes() {
		t.Run(c.ID, func(t *testing.T) {
			s := c.Story()
			if s.What == "" || s.Why == "" {
				t.Fatalf("stories/%s.md is missing, or has no text or no Why", c.ID)
			}
			if c.ID >= firstTestCode {
				return
			}
			if len(s.Bad) == 0 {
				if !strings.Contains(s.What, "no example") && !strings.Contains(s.What, "no file") {
					t.Error("there is no example, and no word about that")
				}
				return
			}
			got := storyCodes(t, s.Bad)
			if !slices.Contains(got, c.ID) {
				t.Errorf("the bad example has %v", got)
			}
			aside := func(code string) bool { return code == codeUnindexed && c.ID != code }
			if got = slices.DeleteFunc(storyCodes(t, s.Fixed), aside); len(got) > 0 {
				t.Errorf("the fixed example has %v", got)
			}
		})
	}
}

// storyCodes are the findings of the files of an example, without notes that are
// not what a story is about.
func storyCodes(t *testing.T, files []Source) (codes []string) {
	t.Helper()
	dir := t.TempDir()
	var sources []Source
	var o FindingOptions
	var all Problems
	for _, f := range files {
		if filepath.Dir(f.Name) != "schemas" {
			sources = append(sources, f)
			continue
		}
		write(t, filepath.Join(dir, f.Name), string(f.Text))
		var ps Problems
		o.Schemas, ps = LoadSchemas(filepath.Join(dir, "schemas"))
		all = append(all, ps...)
	}
	set, _, loaded := LoadSources(sources...)
	if set != nil {
		loaded = Findings(set, loaded.And(set.Over(time.Now())), o)
	}
	for _, p := range append(all, loaded...) {
		codes = append(codes, p.Code)
	}
	return codes
}

// TestCodesPageIsFresh: docs/codes.md is what is generated. Written by
// go test ./rules -run CodesPage -update.
func TestCodesPageIsFresh(t *testing.T) { golden(t, "../docs/codes.md", CodesPage()) }

// TestStoriesAreOfCodes: there is no story of what does not exist.
func TestStoriesAreOfCodes(t *testing.T) {
	known := map[string]bool{}
	for _, c := range Codes() {
		known[c.ID+".md"] = true
	}
	entries, err := os.ReadDir("stories")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("stories/%s is of no code", e.Name())
		}
	}
}
