package rules

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/wye-events/wye/schemas"
	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestSchemaIsFresh(t *testing.T) {
	for file, schema := range map[string]struct{ kept, made []byte }{
		"../schemas/rules.schema.json": {schemas.RulesSchema, Schema()},
		"../schemas/tests.schema.json": {schemas.TestsSchema, TestSchema()},
	} {
		if *update {
			if err := os.WriteFile(file, schema.made, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !bytes.Equal(schema.kept, schema.made) {
			t.Errorf("%s is not what the types say; run go generate ./rules", file)
		}
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema { return compileSchemaOf(t, Schema()) }

func compileSchemaOf(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
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
	breaker := func(s string) string { return target("{queue: {name: q}, breaker: {" + s + "}}") }
	batch := func(s string) string { return target("{http: {url: https://a.example/x}, batch: " + s + "}") }
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
		target("{queue: {name: q}, rate: 0.5}"), target("{queue: {name: q}, rate: {per_second: 1e3, burst: 1000000}}"), target("{queue: {name: q}, rate: 0.00001}"),
		retry("factor: 1.5"), retry("factor: 10"), retry("factor: 1"),
		breaker(""), breaker("failures: 1000, ratio: 1, over: 1m, first: 1s, max: 1s"), breaker("ratio: 0"), breaker("ratio: .25"),
		target("{queue: {name: q}, order: event.subject}"), target("{stream: {subject: a}, order: {by: 'event.data.total * 2'}}"),
		target("{queue: {name: q}, order: {by: event.partitionkey, on_poison: block}}"),
		http("on_status: {404: retry, 5xx: dead_letter, '409': delivered, 302: pause, 1xx: briefly}"), http("on_status: {}"), http("retry_after_max: 10m"),
		batch("{}"), batch("{max_events: 2, max_bytes: 1024, max_wait: 1ms}"), batch("{max_events: 1000, max_bytes: 64MiB, max_wait: 1m}"), batch("{max_bytes: 256KiB}"),
		target("{http: {url: https://a.example/x, format: structured}, batch: {}}"),
		target("{queue: {name: q}, on_expired: drop}"), target("{queue: {name: q}, on_expired: dead_letter}"),
		rule("{on: a, to: q}"), rule("{on: [a.b, a.*, a.b*c.d, '**', '*', a.**], to: [q, a]}"),
		rule("{on: a, to: q, when: true}"), rule("{on: a, to: q, when: 'event.data.x == 1'}"),
		rule("{on: a, to: q, enabled: false, on_error: dead_letter, description: x}"),
		rule("{on: a, to: q, mode: live}"), rule("{on: a, to: q, mode: shadow, sample: 0.05}"), rule("{on: a, to: q, sample: 1}"), rule("{on: a, to: q, sample: 1.0}"),
		rule("{on: a, to: q, sample: 1e-6}"), rule("{on: a, to: q, sample: .5}"),
		rule("{on: a, to: q, until: 2027-01-31}"), rule("{on: a, to: q, until: '2027-01-31'}"), rule("{on: a, to: q, until: 2027-01-31T12:00:00Z}"),
		rule("{on: a, to: q, until: '2027-01-31t12:00:00.25z'}"), rule("{on: a, to: q, until: '2027-01-31T12:00:00+05:30'}"),
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
		target("{queue: {name: q}, rate: 0}"), target("{queue: {name: q}, rate: -1}"), target("{queue: {name: q}, rate: fast}"), target("{queue: {name: q}, rate: }"),
		target("{queue: {name: q}, rate: 1000001}"), target("{queue: {name: q}, rate: [1]}"), target("{queue: {name: q}, rate: {}}"), target("{queue: {name: q}, rate: '100'}"),
		target("{queue: {name: q}, rate: {burst: 5}}"), target("{queue: {name: q}, rate: {per_second: 5, burst: 0}}"), target("{queue: {name: q}, rate: {per_second: 5, burst: 1.5}}"),
		target("{queue: {name: q}, rate: {per_second: 5, bursts: 1}}"), target("{queue: {name: q}, rate: .inf}"), target("{queue: {name: q}, rate: .nan}"), target("{queue: {name: q}, rate: true}"),
		retry("factor: 0.9"), retry("factor: 10.5"), retry("factor: two"), retry("factor: "),
		breaker("failures: 0"), breaker("failures: 1001"), breaker("ratio: 1.1"), breaker("ratio: -0.1"), breaker("ratio: 50%"), breaker("over: 30"), breaker("first: 0s"), breaker("max: never"), breaker("after: 1s"),
		target("{queue: {name: q}, breaker: off}"), target("{queue: {name: q}, breaker: }"),
		target("{queue: {name: q}, order: }"), target("{queue: {name: q}, order: 5}"), target("{queue: {name: q}, order: true}"), target("{queue: {name: q}, order: ' '}"), target("{queue: {name: q}, order: []}"),
		target("{queue: {name: q}, order: {}}"), target("{queue: {name: q}, order: {on_poison: park}}"), target("{queue: {name: q}, order: {by: ''}}"), target("{queue: {name: q}, order: {by: event.subject, on_poison: drop}}"),
		http("on_status: retry"), http("on_status: []"), http("on_status: "), http("on_status: {600: retry}"), http("on_status: {099: retry}"), http("on_status: {5XX: retry}"), http("on_status: {default: retry}"),
		http("on_status: {6xx: retry}"), http("on_status: {404: }"), http("on_status: {404: retri}"), http("on_status: {404: 5}"), http("on_status: {3xx: delivered}"), http("on_status: {302: delivered}"), http("on_status: {100: delivered}"),
		http("on_status: {404-410: retry}"), http("retry_after_max: 0s"), http("retry_after_max: 60"),
		batch(""), batch("5"), batch("{max_events: 1}"), batch("{max_events: 1001}"), batch("{max_bytes: 1023}"), batch("{max_bytes: 67108865}"), batch("{max_bytes: 1MB}"), batch("{max_bytes: 1 MiB}"), batch("{max_bytes: 0.5MiB}"),
		batch("{max_bytes: -1}"), batch("{max_wait: 0s}"), batch("{max_wait: 100}"), batch("{max: 5}"),
		target("{queue: {name: q}, batch: {}}"), target("{stream: {subject: a}, batch: {max_events: 5}}"), target("{http: {url: https://a.example/x, format: binary}, batch: {}}"),
		target("{queue: {name: q}, on_expired: keep}"), target("{queue: {name: q}, on_expired: }"),
		rule("{on: a}"), rule("{to: q}"), rule("{on: '', to: q}"), rule("{on: [], to: q}"), rule("{on: [a, a], to: q}"), rule("{on: 5, to: q}"),
		rule("{on: {}, to: q}"), rule("{on: [[a]], to: q}"), rule("{on: a..b, to: q}"), rule("{on: .a, to: q}"), rule("{on: a., to: q}"),
		rule("{on: a.**.b, to: q}"), rule("{on: a**, to: q}"), rule("{on: 'a b', to: q}"), rule("{on: , to: q}"),
		rule("{on: a, to: }"), rule("{on: a, to: []}"), rule("{on: a, to: {}}"), rule("{on: a, to: [q, q]}"), rule("{on: a, to: 5}"), rule("{on: a, to: ''}"),
		rule("{on: a, to: q, when: }"), rule("{on: a, to: q, when: ' '}"), rule("{on: a, to: q, when: 5}"), rule("{on: a, to: q, when: [x]}"),
		rule("{on: a, to: q, enabled: 'true'}"), rule("{on: a, to: q, enabled: 1}"), rule("{on: a, to: q, on_error: ignore}"),
		rule("{on: a, to: q, description: 5}"), rule("{on: a, to: q, description: ''}"), rule("{on: a, to: q, wen: true}"), rule("5"), rule(""),
		rule("{on: a, to: q, mode: shadwo}"), rule("{on: a, to: q, mode: Live}"), rule("{on: a, to: q, mode: }"), rule("{on: a, to: q, mode: true}"), rule("{on: a, to: q, mode: [live]}"),
		rule("{on: a, to: q, sample: 0}"), rule("{on: a, to: q, sample: 5}"), rule("{on: a, to: q, sample: -0.1}"), rule("{on: a, to: q, sample: '0.05'}"), rule("{on: a, to: q, sample: 5%}"),
		rule("{on: a, to: q, sample: 1e-7}"), rule("{on: a, to: q, sample: 1.0000001}"), rule("{on: a, to: q, sample: }"), rule("{on: a, to: q, sample: .nan}"), rule("{on: a, to: q, sample: true}"), rule("{on: a, to: q, sample: [0.5]}"),
		rule("{on: a, to: q, until: soon}"), rule("{on: a, to: q, until: 1798718400}"), rule("{on: a, to: q, until: '2027-01-31T12:00:00'}"), rule("{on: a, to: q, until: '2027-01-31 12:00:00Z'}"),
		rule("{on: a, to: q, until: '2027-13-01'}"), rule("{on: a, to: q, until: '2027-01-32'}"), rule("{on: a, to: q, until: '2027-01-31T24:00:00Z'}"), rule("{on: a, to: q, until: '27-01-31'}"), rule("{on: a, to: q, until: }"), rule("{on: a, to: q, until: {at: 1}}"),
	}
	for verdict, documents := range map[bool][]string{true: good, false: bad} {
		for _, text := range documents {
			var document any
			if err := yaml.Unmarshal([]byte(text), &document); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			schemaErr := schema.Validate(asJSON(document))
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

// asJSON is a YAML document with the keys that it has in JSON, where 404 is a text.
func asJSON(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case map[any]any:
		object := map[string]any{}
		for key, value := range v {
			object[fmt.Sprint(key)] = asJSON(value)
		}
		return object
	case map[string]any:
		for key, value := range v {
			v[key] = asJSON(value)
		}
	case []any:
		for i, value := range v {
			v[i] = asJSON(value)
		}
	}
	return v
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
