package formats_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/wye-events/wye/cmd/wye/formats"
)

var update = flag.Bool("update", false, "write the golden files")

func TestAnnotations(t *testing.T) {
	var b strings.Builder
	err := formats.WriteAnnotations(&b, []formats.Annotation{
		{Level: formats.Error, File: "a,b:c.yaml", Line: 4, Column: 7, Title: "WYE021", Message: "100%\nhint: no"},
		{Level: formats.Warning, File: "r.yaml", Title: "t"},
		{Level: formats.Note, Message: "m", Line: 3},
		{Level: formats.Error, File: "r.yaml", Line: 3, Message: "::error::x\r\n::stop-commands::y"},
	})
	want := `::error file=a%2Cb%3Ac.yaml,line=4,col=7,title=WYE021::100%25%0Ahint: no
::warning file=r.yaml,title=t::
::notice::m
::error file=r.yaml,line=3::::error::x%0D%0A::stop-commands::y
`
	if diff := cmp.Diff(want, b.String()); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestJUnit(t *testing.T) {
	var b strings.Builder
	err := formats.WriteJUnit(&b, []formats.Suite{
		{Name: "rules.yaml", Cases: []formats.Case{
			{Name: "good", Class: "rules", File: "rules.yaml", Line: 3, Seconds: 0.25},
			{Name: "a <b> \x01", Class: "rules", Seconds: 0.5, Failure: `want "x" & y`, Details: "line 1\nline 2 ]]>"},
			{Name: "later", Class: "rules", Skipped: "not now"},
		}},
		{Name: "empty"},
	})
	want := `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" skipped="1" time="0.750">
  <testsuite name="rules.yaml" tests="3" failures="1" errors="0" skipped="1" time="0.750">
    <testcase name="good" classname="rules" file="rules.yaml" line="3" time="0.250"></testcase>
    <testcase name="a &lt;b&gt; ` + "\uFFFD" + `" classname="rules" time="0.500">
      <failure message="want &#34;x&#34; &amp; y">line 1&#xA;line 2 ]]&gt;</failure>
    </testcase>
    <testcase name="later" classname="rules" time="0.000">
      <skipped message="not now"></skipped>
    </testcase>
  </testsuite>
  <testsuite name="empty" tests="0" failures="0" errors="0" skipped="0" time="0.000"></testsuite>
</testsuites>
`
	if diff := cmp.Diff(want, b.String()); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for dec := xml.NewDecoder(strings.NewReader(b.String())); ; {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSARIF holds a log against the parts of the SARIF 2.1.0 schema that it uses.
func TestSARIF(t *testing.T) {
	var b strings.Builder
	tool := formats.Tool{Name: "wye", Version: "1.2.3", Kinds: []formats.Kind{
		{ID: "WYE021", Short: "a rule sends to a target that does not exist", Help: "The *story*.", Level: formats.Error},
		{ID: "WYE060", Short: "never true", Level: formats.Warning},
	}}
	err := formats.WriteSARIF(&b, tool, []formats.Result{
		{Kind: "WYE060", Level: formats.Warning, File: "a dir/r#1.yaml", Line: 3, Column: 5, Message: "m"},
		{Kind: "WYE021", Level: formats.Error, File: "/abs/r.yaml", Message: "whole file"},
		{Kind: "WYE021", Level: formats.Note, Message: "no file"},
	})
	if err != nil {
		t.Fatal(err)
	}
	isValid(t, b.String())
	if *update {
		if err := os.WriteFile("testdata/log.sarif", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/log.sarif")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestSARIFOfNothing(t *testing.T) {
	var b strings.Builder
	if err := formats.WriteSARIF(&b, formats.Tool{Name: "wye"}, nil); err != nil {
		t.Fatal(err)
	}
	isValid(t, b.String())
	if !strings.Contains(b.String(), `"results": []`) {
		t.Error(b.String())
	}
}

// TestSARIFSchemaRefuses: the schema of the test would see what is wrong.
func TestSARIFSchemaRefuses(t *testing.T) {
	for _, bad := range []string{
		`{"version": "2.1.0"}`,
		`{"version": "2.0.0", "runs": []}`,
		`{"version": "2.1.0", "runs": [{"results": []}]}`,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "w"}}, "results": [{"ruleId": "x"}]}]}`,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "w"}}, "results": [{"message": {"text": "m"}, "level": "notice"}]}]}`,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "w"}}, "results": [{"message": {"text": "m"}, "locations": [{"physicalLocation": {"region": {"startLine": 0}}}]}]}]}`,
	} {
		if err := validate(t, bad); err == nil {
			t.Errorf("valid: %s", bad)
		}
	}
}

func isValid(t *testing.T, log string) {
	t.Helper()
	if err := validate(t, log); err != nil {
		t.Error(err)
	}
}

func validate(t *testing.T, log string) error {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("testdata/sarif.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal([]byte(log), &v); err != nil {
		t.Fatal(err)
	}
	return schema.Validate(v)
}
