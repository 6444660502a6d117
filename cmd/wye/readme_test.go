package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
)

// The documents are tested (but for docs/codes.md, whose examples are those of
// the stories, which package rules runs): README.md, docs/*.md and examples/*/README.md. Their
// code blocks mean:
//
//	```sh    is run, see below
//	```yaml  is a complete rule file, and must load without errors, if it has
//	         version:, targets: or rules: at the left margin
//	others   (```text, ```go, ```json) are shown and not run
//
// The sh blocks of a document are one session: their commands run in order, in
// one bash -e, in a fresh directory with a copy of the project's rules.yaml,
// schemas and examples, and with wye on the PATH. A command that fails fails
// the test. Moreover
//
//   - a line `# => text` after a command says that the command's output (with
//     its standard error) contains the text; until it does the command is run
//     again, for up to 20 seconds;
//   - `make run` and `wye serve …` run in the background from then on, and the
//     next command waits until the server is ready. A second one takes the place
//     of the first;
//   - ports of 127.0.0.1 and localhost are replaced by free ones, in the document
//     and in the rule files of the copy, and wye's default addresses with them;
//   - commands that begin with one of skippedCommands are left out.
var skippedCommands = []string{
	"git clone", "cd wye", "go install", "make test", "make bench", "make build", "make help",
}

// generatedPage has rule files with every fault that there is.
const generatedPage = "docs/codes.md"

const eachWithin = 2 * time.Minute

func TestDocuments(t *testing.T) {
	const root = "../.."
	if _, err := os.Stat(filepath.Join(root, "README.md")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no README.md yet")
	}
	for _, pattern := range []string{"README.md", "docs/*.md", "examples/*/README.md"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			shown, _ := filepath.Rel(root, name)
			if shown == generatedPage {
				continue
			}
			t.Run(shown, func(t *testing.T) {
				t.Parallel()
				testDocument(t, root, shown)
			})
		}
	}
}

func testDocument(t *testing.T, root, name string) {
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocksOf(string(text)) {
		if b.language == "yaml" {
			checkYAML(t, name, b)
		}
	}
	if err := runSession(t, root, shellOf(string(text)), time.Minute); err != nil {
		t.Errorf("%s:%v", name, err)
	}
}

// block is a code block of a document.
type block struct {
	language, text string
	line           int // of its first line of text
}

func blocksOf(text string) (all []block) {
	var open *block
	number := 0
	for line := range strings.Lines(text) {
		number++
		language, fence := strings.CutPrefix(strings.TrimRight(line, " \n"), "```")
		switch {
		case fence && open == nil:
			open = &block{language: language, line: number + 1}
		case fence:
			all, open = append(all, *open), nil
		case open != nil:
			open.text += line
		}
	}
	return all
}

// shellOf are the blocks that are run.
func shellOf(text string) []block {
	return slices.DeleteFunc(blocksOf(text), func(b block) bool { return b.language != "sh" })
}

var ruleFileExpr = regexp.MustCompile(`(?m)^(version|targets|rules):`)

func checkYAML(t *testing.T, name string, b block) {
	if !ruleFileExpr.MatchString(b.text) {
		return
	}
	// Blank lines before it give the block the line numbers of the document.
	text := strings.Repeat("\n", b.line-1) + b.text
	_, _, problems := rules.LoadSources(rules.Source{Name: name, Text: []byte(text)})
	if problems.HasErrors() {
		var report strings.Builder
		problems.Write(&report, false)
		t.Errorf("the rule file in the document does not load:\n%s", report.String())
	}
}
