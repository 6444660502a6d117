package formats

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Suite is test cases that belong together, such as those of one file.
type Suite struct {
	Name  string
	Cases []Case
}

// Case is how one test went. It passed where neither Failure nor Skipped is set.
type Case struct {
	Name    string
	Class   string // what groups cases in reports, such as the file without its ending
	File    string
	Line    int
	Seconds float64

	Failure string // in a line, why it failed
	Details string // the rest of that, in as many lines as it takes
	Skipped string // why it was not run
}

type junitSuites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []junitSuite
}

type junitSuite struct {
	XMLName  xml.Name `xml:"testsuite"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     string   `xml:"time,attr"`
	Cases    []junitCase
}

type junitCase struct {
	XMLName xml.Name      `xml:"testcase"`
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Time    string        `xml:"time,attr"`
	Failure *junitMessage `xml:"failure"`
	Skipped *junitMessage `xml:"skipped"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes suites as JUnit XML, in the form that CI servers agree on.
func WriteJUnit(w io.Writer, suites []Suite) error {
	out := junitSuites{Suites: []junitSuite{}}
	total := 0.0
	for _, s := range suites {
		one, seconds := s.junit()
		out.Tests, out.Failures, out.Skipped = out.Tests+one.Tests, out.Failures+one.Failures, out.Skipped+one.Skipped
		total += seconds
		out.Suites = append(out.Suites, one)
	}
	out.Time = junitTime(total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s Suite) junit() (out junitSuite, seconds float64) {
	out = junitSuite{Name: xmlText(s.Name), Tests: len(s.Cases)}
	for _, c := range s.Cases {
		one := junitCase{Name: xmlText(c.Name), Class: xmlText(c.Class), File: xmlText(c.File), Line: c.Line, Time: junitTime(c.Seconds)}
		switch {
		case c.Failure != "":
			one.Failure = &junitMessage{xmlText(c.Failure), xmlText(c.Details)}
			out.Failures++
		case c.Skipped != "":
			one.Skipped = &junitMessage{Message: xmlText(c.Skipped)}
			out.Skipped++
		}
		seconds += c.Seconds
		out.Cases = append(out.Cases, one)
	}
	out.Time = junitTime(seconds)
	return out, seconds
}

func junitTime(seconds float64) string { return fmt.Sprintf("%.3f", seconds) }

// xmlText is the text without the characters that XML 1.0 cannot hold.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}
