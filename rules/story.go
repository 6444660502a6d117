package rules

import (
	"embed"
	"fmt"
	"strings"
)

// Story is what there is to tell about a code: the file stories/CODE.md.
//
//	What it is, in a paragraph or two.
//
//	## Why
//	Why it matters.
//
//	## Bad
//	```yaml
//	a rule file that has it
//	```
//	## Fixed
//	```yaml
//	the same without it
//	```
//
// An example may have several files, each in a fence of its own with its name
// behind the kind (```yaml teams/a.yaml), schemas of events among them (```json
// schemas/com.example.order.placed.json). A story without an example says in its
// first part why it has none.
type Story struct {
	What string
	Why  string
	// Bad and Fixed are the files of the example; a rule file without a name is
	// rules.yaml.
	Bad, Fixed []Source

	text string
}

//go:embed stories
var stories embed.FS

// Story is the code's; the zero Story where there is none.
func (c Code) Story() Story {
	text, err := stories.ReadFile("stories/" + c.ID + ".md")
	if err != nil {
		return Story{}
	}
	return parseStory(string(text))
}

// Markdown is the whole story.
func (s Story) Markdown() string { return s.text }

// Page is what there is to tell about the code, in Markdown: its meaning, how
// much it matters, and its story.
func (c Code) Page() string {
	return fmt.Sprintf("# %s: %s\n\nSeverity: %s\n\n%s", c.ID, c.Meaning, c.Severity, c.Story().Markdown())
}

func parseStory(text string) Story {
	s := Story{text: text}
	what, rest, _ := strings.Cut(text, "\n## Why\n")
	why, rest, _ := strings.Cut(rest, "\n## Bad\n")
	bad, fixed, _ := strings.Cut(rest, "\n## Fixed\n")
	s.What, s.Why = strings.TrimSpace(what), strings.TrimSpace(why)
	s.Bad, s.Fixed = fenced(bad), fenced(fixed)
	return s
}

// fenced are the files in the fences of a text.
func fenced(text string) (files []Source) {
	const fence = "```"
	for {
		_, rest, found := strings.Cut(text, fence)
		if !found {
			return files
		}
		first, rest, _ := strings.Cut(rest, "\n")
		body, after, _ := strings.Cut(rest, fence)
		_, name, _ := strings.Cut(strings.TrimSpace(first), " ")
		if name == "" {
			name = "rules.yaml"
		}
		files = append(files, Source{Name: name, Text: []byte(body)})
		text = after
	}
}
