package formats

import (
	"fmt"
	"io"
	"strings"
)

// Level is how much something matters.
type Level string

const (
	Error   Level = "error"
	Warning Level = "warning"
	Note    Level = "note"
)

// Annotation is what is to be shown beside a line of a pull request.
type Annotation struct {
	Level        Level  // anything else counts as an error
	File         string // below the repository's root; empty where it is about no file
	Line, Column int    // from 1; 0 where the whole file is meant
	Title        string
	Message      string // may have several lines
}

// Escapes of GitHub's workflow commands: in the message, and in a property.
var (
	githubText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// WriteAnnotations writes workflow commands, one a line, which GitHub shows
// beside the lines of a pull request.
func WriteAnnotations(w io.Writer, all []Annotation) error {
	for _, a := range all {
		if _, err := io.WriteString(w, a.command()); err != nil {
			return err
		}
	}
	return nil
}

// command is "::error file=rules.yaml,line=4,col=7,title=WYE021::message".
func (a Annotation) command() string {
	var properties []string
	add := func(name, value string) {
		if value != "" {
			properties = append(properties, name+"="+githubProperty.Replace(value))
		}
	}
	add("file", a.File)
	if a.File != "" && a.Line > 0 {
		add("line", fmt.Sprint(a.Line))
		if a.Column > 0 {
			add("col", fmt.Sprint(a.Column))
		}
	}
	add("title", a.Title)
	space := ""
	if len(properties) > 0 {
		space = " "
	}
	return "::" + a.Level.github() + space + strings.Join(properties, ",") + "::" + githubText.Replace(a.Message) + "\n"
}

func (l Level) github() string {
	switch l {
	case Note:
		return "notice"
	case Warning:
		return "warning"
	}
	return "error"
}
