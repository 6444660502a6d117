package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	linkExpr    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingExpr = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	codeExpr    = regexp.MustCompile("(?ms)^```.*?^```$|`[^`\n]*`")
)

// TestLinks holds that the documents link to files and headings that there are.
func TestLinks(t *testing.T) {
	var documents []string
	for _, pattern := range []string{"../README.md", "../docs/*.md", "*/README.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, names...)
	}
	links := 0
	for _, document := range documents {
		for _, m := range linkExpr.FindAllStringSubmatch(codeExpr.ReplaceAllString(read(t, document), ""), -1) {
			file, heading, _ := strings.Cut(m[1], "#")
			if strings.Contains(file, "://") {
				continue
			}
			links++
			path := document
			if file != "" {
				path = filepath.Join(filepath.Dir(document), file)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s, which is not there", document, m[1])
				continue
			}
			if heading != "" && !hasHeading(read(t, path), heading) {
				t.Errorf("%s links to %s, which has no such heading", document, m[1])
			}
		}
	}
	if links < 30 {
		t.Errorf("only %d links were found in %q", links, documents)
	}
}

// hasHeading tells whether a document has a heading that is linked to by an anchor.
func hasHeading(text, anchor string) bool {
	// A `#` at the beginning of a line of code is no heading; code in a heading counts.
	text = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
	for _, m := range headingExpr.FindAllStringSubmatch(text, -1) {
		plain := regexp.MustCompile(`[^\p{L}\p{N}\s_-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		if strings.ReplaceAll(plain, " ", "-") == anchor {
			return true
		}
	}
	return false
}
