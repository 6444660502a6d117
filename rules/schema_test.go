package rules

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/wye-events/wye/schemas"
	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "write the golden files anew")

const schemaFile = "../schemas/rules.schema.json"

func TestSchemaIsFresh(t *testing.T) {
	if *update {
		if err := os.WriteFile(schemaFile, Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(schemas.RulesSchema, Schema()) {
		t.Fatalf("%s is not what the types say; run go generate ./rules", schemaFile)
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("rules.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("rules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestSchemaAgreesWithLoader: what an editor marks is what the loader refuses,
// as far as the shape of one file goes.
func TestSchemaAgreesWithLoader(t *testing.T) {
	schema := compileSchema(t)
	target := func(s string) string { return "version: 1\ntargets:\n  t: " + s + "\n" }
	http := func(s string) string { return target("{http: {url: https://a.example/x, " + s + "}}") }
	retry := func(s string) string { return target("{queue: {name: q}, retry: {" + s + "}}") }
	rule := func(s string) string {
		return "version: 1\ntargets: {q: {queue: {name: q}}, a: {queue: {name: a}}}\nrules:\n  r: " + s + "\n"
	}
	good := []string{
		"version: 1\n",
		"version: 1\ntargets: {}\nrules: {}\n",
		target("{queue: {name: q}}"), target("{stream: {subject: a.b-c.D}}"), target("{stream: {subject: wyee}}"),
		target("{http: {url: http://localhost:8080}}"), target("{http: {url: 'HTTPS://a.example/x?y=1#z'}}"),
		target("{queue: {name: q}, concurrency: 1024}"),
		http("timeout: 1h30m"), http("timeout: 250ms"), http("format: structured"), http("headers: {X-A: b, x-b: '${env:X}'}"), http("headers: {}"),
		retry("attempts: 1"), retry("attempts: 1000, first: 1s, max: 1s, give_up: 8760h"), retry(""),
		rule("{on: a, to: q}"), rule("{on: [a.b, a.*, a.b*c.d, '**', '*', a.**], to: [q, a]}"),
		rule("{on: a, to: q, when: true}"), rule("{on: a, to: q, when: 'event.data.x == 1'}"),
		rule("{on: a, to: q, enabled: false, on_error: dead_letter, description: x}"),
	}
	bad := []string{
		"{}", "[]", "x", "version: 2\n", "version: '1'\n", "versoin: 1\n", "version: 1\ntests: []\n",
		"version: 1\ntargets: []\n", "version: 1\ntargets:\n", "version: 1\nrules: 5\n", "version: 1\nrules: {R: {on: a, to: q}}\n",
		target("{}"), target("{queue: {name: q}, stream: {subject: a}}"), target("{kafka: {}}"), target("[]"), target(""),
		target("{queue: {}}"), target("{queue: {name: ''}}"), target("{queue: {name: Q}}"), target("{queue: {name: 5}}"), target("{queue: q}"),
		target("{stream: {}}"), target("{stream: {subject: 'a.>'}}"), target("{stream: {subject: 'a.*'}}"), target("{stream: {subject: a..b}}"),
		target("{stream: {subject: .a}}"), target("{stream: {subject: a.}}"), target("{stream: {subject: $JS.x}}"), target("{stream: {subject: 'a b'}}"),
		target("{stream: {subject: wye.x}}"), target("{stream: {subject: _INBOX.x}}"), target("{stream: {subject: wye}}"),
		target("{stream: {subject: audit/orders}}"), target("{stream: {subject: büro.orders}}"), target("{stream: {subject: Wye.orders}}"), target("{stream: {subject: _foo.x}}"),
		target("{http: {}}"), target("{http: {url: ftp://a.example}}"), target("{http: {url: a.example}}"), target("{http: {url: 'http://'}}"),
		target("{http: {url: 'https://u:p@a.example'}}"), target("{http: {url: 'https://a.example/x y'}}"), target("{http: {url: 5}}"),
		http("timeout: fast"), http("timeout: 15"), http("timeout: -1s"), http("timeout: 0s"), http("timeout: 1d"), http("timeout: ''"),
		http("format: json"), http("headers: []"), http("headers: {'a b': c}"), http("headers: {a: 5}"), http("headers: {a: ''}"), http("method: GET"),
		http("headers:"), http("timeout:"),
		retry("attempts: 0"), retry("attempts: -1"), retry("attempts: 1.5"), retry("attempts: many"), retry("attempts: 1001"), retry("tries: 1"),
		target("{queue: {name: q}, retry: }"), target("{queue: {name: q}, concurrency: 0}"), target("{queue: {name: q}, concurrency: 1025}"),
		rule("{on: a}"), rule("{to: q}"), rule("{on: '', to: q}"), rule("{on: [], to: q}"), rule("{on: [a, a], to: q}"), rule("{on: 5, to: q}"),
		rule("{on: {}, to: q}"), rule("{on: [[a]], to: q}"), rule("{on: a..b, to: q}"), rule("{on: .a, to: q}"), rule("{on: a., to: q}"),
		rule("{on: a.**.b, to: q}"), rule("{on: a**, to: q}"), rule("{on: 'a b', to: q}"), rule("{on: , to: q}"),
		rule("{on: a, to: }"), rule("{on: a, to: []}"), rule("{on: a, to: {}}"), rule("{on: a, to: [q, q]}"), rule("{on: a, to: 5}"), rule("{on: a, to: ''}"),
		rule("{on: a, to: q, when: }"), rule("{on: a, to: q, when: ' '}"), rule("{on: a, to: q, when: 5}"), rule("{on: a, to: q, when: [x]}"),
		rule("{on: a, to: q, enabled: 'true'}"), rule("{on: a, to: q, enabled: 1}"), rule("{on: a, to: q, on_error: ignore}"),
		rule("{on: a, to: q, description: 5}"), rule("{on: a, to: q, description: ''}"), rule("{on: a, to: q, wen: true}"), rule("5"), rule(""),
	}
	for verdict, documents := range map[bool][]string{true: good, false: bad} {
		for _, text := range documents {
			var document any
			if err := yaml.Unmarshal([]byte(text), &document); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			schemaErr := schema.Validate(document)
			_, _, problems := LoadSources(Source{"rules.yaml", []byte(text)})
			if (schemaErr == nil) != verdict {
				t.Errorf("%s\nshould be %v, but the schema says: %v", text, verdict, schemaErr)
			}
			if !problems.HasErrors() != verdict {
				t.Errorf("%s\nshould be %v, but the loader says: %v", text, verdict, problems)
			}
		}
	}
}

func TestTopLevelRulesLoadWithoutFindings(t *testing.T) {
	set, m, problems := Load("../rules.yaml")
	if len(problems) > 0 || m == nil {
		t.Fatal(problems)
	}
	text, err := os.ReadFile("../rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(text, []byte("# yaml-language-server: $schema=schemas/rules.schema.json\n")) {
		t.Error("its first line does not name the schema")
	}
	var document any
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	if err := compileSchema(t).Validate(document); err != nil {
		t.Error(err)
	}
	for _, target := range set.Targets {
		if target.HTTP != nil {
			t.Errorf("target %s needs another service", target.Name)
		}
	}
}
