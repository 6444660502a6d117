package formats

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"slices"
)

// Tool is the program that found something, for SARIF.
type Tool struct {
	Name    string
	Version string // empty where it is not known
	Kinds   []Kind // every kind of finding that Results name
}

// Kind is one kind of finding: what SARIF calls a rule.
type Kind struct {
	ID    string // stable, such as WYE012
	Short string // in a line
	Help  string // in Markdown; empty where there is nothing more to say
	Level Level  // as it is by itself
}

// Result is one finding at one place.
type Result struct {
	Kind         string // the ID of one of the tool's kinds
	Level        Level
	File         string // a path; empty where it is about no file
	Line, Column int    // from 1, in characters; 0 where the whole file is meant
	Message      string
}

const (
	sarifVersion = "2.1.0"
	sarifSchema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool       sarifTool     `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID      string      `json:"id"`
	Short   sarifText   `json:"shortDescription"`
	Help    *sarifHelp  `json:"help,omitempty"`
	Default sarifConfig `json:"defaultConfiguration"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifHelp struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown"`
}

type sarifConfig struct {
	Level Level `json:"level"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     Level           `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
}

// WriteSARIF writes results as a SARIF 2.1.0 log of one run, as code scanning
// takes it. A result of a kind that the tool does not name gets index -1, as
// SARIF has it.
func WriteSARIF(w io.Writer, tool Tool, results []Result) error {
	driver := sarifDriver{Name: tool.Name, Version: tool.Version, Rules: []sarifRule{}}
	for _, k := range tool.Kinds {
		driver.Rules = append(driver.Rules, k.sarif())
	}
	run := sarifRun{Tool: sarifTool{driver}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	for _, r := range results {
		run.Results = append(run.Results, r.sarif(tool.Kinds))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{sarifSchema, sarifVersion, []sarifRun{run}})
}

func (k Kind) sarif() sarifRule {
	r := sarifRule{ID: k.ID, Short: sarifText{k.Short}, Default: sarifConfig{k.Level.sarif()}}
	if k.Help != "" {
		r.Help = &sarifHelp{Text: k.Help, Markdown: k.Help}
	}
	return r
}

func (r Result) sarif(kinds []Kind) sarifResult {
	out := sarifResult{
		RuleID:    r.Kind,
		RuleIndex: slices.IndexFunc(kinds, func(k Kind) bool { return k.ID == r.Kind }),
		Level:     r.Level.sarif(),
		Message:   sarifText{r.Message},
	}
	if r.File == "" {
		return out
	}
	place := sarifPhysical{Artifact: sarifArtifact{fileURI(r.File)}}
	if r.Line > 0 {
		place.Region = &sarifRegion{r.Line, max(r.Column, 1)}
	}
	out.Locations = []sarifLocation{{place}}
	return out
}

func (l Level) sarif() Level {
	if l == Note || l == Warning {
		return l
	}
	return Error
}

// fileURI is a path as a reference: relative as it is, absolute with file:.
func fileURI(name string) string {
	name = filepath.ToSlash(filepath.Clean(name))
	u := url.URL{Path: name}
	if filepath.IsAbs(name) {
		u.Scheme = "file"
	}
	return u.String()
}
