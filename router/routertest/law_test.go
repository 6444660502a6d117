package routertest_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/wye-events/wye/"

// law says who may not import whom. Packages are those of this module, by their
// path in it; a path that ends in /... stands for all below it too. Test files
// are free.
type law struct {
	who    string   // the importer
	not    []string // may not import these…
	unless []string // …but these importers may
	why    string
}

var (
	natsClient = []string{"github.com/nats-io/nats.go/...", "github.com/nats-io/nats-server/..."}
	laws       = []law{
		{"rules/...", []string{"targets/...", "router/...", "cmd/..."}, nil, "deciding knows no targets and no bus"},
		{"targets/...", []string{"rules/...", "router/...", "cmd/..."}, nil, "delivering knows no rules and no bus"},
		{"router/bus/...", []string{"rules/...", "targets/...", "schemas/...", "cmd/..."}, nil, "the bus speaks bytes"},
		{"router/plan", []string{"router", "router/bus/...", "router/api/...", "targets/...", "cmd/..."}, nil, "comparing rule sets knows rules and events"},
		{"schemas/...", []string{"rules/...", "targets/...", "router/...", "cmd/..."}, nil, "schemas are leaves"},
		{"router", []string{"router/api/...", "net/http"}, nil, "the router knows no HTTP serving"},
		{"router/source/...", []string{"router", "router/api/...", "router/bus/...", "router/lanes/...", "targets/...", "schemas/...", "cmd/..."}, nil, "where rules come from knows no events"},
		{"...", []string{"github.com/go-git/..."}, []string{"router/source/..."}, "Git is one room"},
		{"...", []string{"cmd/..."}, []string{"cmd/..."}, "nobody imports the program"},
		{"...", []string{"router/routertest/...", "testing"}, []string{"router/routertest/...", "targets/targettest/..."}, "test kits stay out of the program"},
		{"...", []string{"github.com/google/cel-go/..."}, []string{
			"rules/...",
			"cmd/wye/bench/baseline", // the plain loop that a user would write instead, to compare with
		}, "conditions are compiled in one room"},
		{"...", []string{"gopkg.in/yaml.v3", "go.yaml.in/..."}, []string{"rules/..."}, "rule files are read in one room"},
		{"...", natsClient, []string{
			"router/bus/...",
			"cmd/wye/bench/...", // measures the raw bus, and the plain loop, beside Wye
			"cmd/wye/sender",    // `wye send` is a NATS client, as a publisher's would be
		}, "the bus is one room"},
	}
)

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImportLaw(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal("go list: ", err)
	}
	seen := map[string]bool{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		seen[inModule(p.ImportPath)] = true
		for _, l := range laws {
			for _, broken := range l.broken(p) {
				t.Errorf("%s imports %s: %s", p.ImportPath, broken, l.why)
			}
		}
	}
	for _, room := range []string{"rules", "targets", "router", "router/bus", "router/plan", "router/api", "router/source", "schemas/cloudevent", "cmd/wye"} {
		if !seen[room] {
			t.Errorf("the package %s is not there: did it move? Then this law looks at nothing", room)
		}
	}
}

// broken are the imports of p that the law forbids.
func (l law) broken(p pkg) (bad []string) {
	who := inModule(p.ImportPath)
	if !covers(l.who, who) || coversAny(l.unless, who) {
		return nil
	}
	for _, imported := range p.Imports {
		if coversAny(l.not, inModule(imported)) {
			bad = append(bad, imported)
		}
	}
	return bad
}

// inModule is the path within this module, or the path as it is.
func inModule(path string) string { return strings.TrimPrefix(path, module) }

func coversAny(patterns []string, path string) bool {
	for _, p := range patterns {
		if covers(p, path) {
			return true
		}
	}
	return false
}

func covers(pattern, path string) bool {
	if pattern == "..." {
		return true
	}
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == below || strings.HasPrefix(path, below+"/")
	}
	return path == pattern
}

// TestImportLawHolds lets the law judge imports that break it.
func TestImportLawHolds(t *testing.T) {
	for _, c := range []struct{ who, imports string }{
		{"rules", module + "targets"}, {"targets", module + "rules"}, {"targets", module + "router/bus"},
		{"router/bus", module + "rules"}, {"schemas/cloudevent", module + "router"}, {"router", module + "router/api"},
		{"router/api", module + "cmd/wye/flood"}, {"router", "github.com/google/cel-go/cel"}, {"cmd/wye", "gopkg.in/yaml.v3"},
		{"router", "github.com/nats-io/nats.go"}, {"targets", "github.com/nats-io/nats.go/jetstream"}, {"cmd/wye", "github.com/nats-io/nats-server/v2/server"},
		{"router/api", module + "router/routertest"}, {"router/source", module + "router"}, {"router/source", module + "schemas/cloudevent"},
		{"cmd/wye", "github.com/go-git/go-git/v5"},
		{"router/plan", module + "router/bus"}, {"router/plan", module + "router"},
	} {
		broken := 0
		for _, l := range laws {
			broken += len(l.broken(pkg{module + c.who, []string{c.imports}}))
		}
		if broken == 0 {
			t.Errorf("%s may import %s", c.who, c.imports)
		}
	}
}
