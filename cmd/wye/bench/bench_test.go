package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/cmd/wye/bench/machine"
	"github.com/wye-events/wye/rules"
)

// TestMain runs a role where the benchmark of a test started this program as
// one.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == roleArgument {
		if err := Role(context.Background(), os.Args[2:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// The race detector has a program sleep for a second before it ends.
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	os.Exit(m.Run())
}

const roleArgument = "run-role"

func quick(t *testing.T, only ...string) Config {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Self: []string{self, roleArgument}, Binary: "/nonexistent/wye", Dir: t.TempDir(),
		Duration: 200 * time.Millisecond, Rounds: 1, Connections: 8, Size: 512,
		Only: only, Progress: io.Discard,
	}
}

func TestRowsWithoutWye(t *testing.T) {
	cfg := quick(t, "http", "null", "loop")
	r, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != 3 {
		t.Fatalf("%d rows, want 3", len(r.Rows))
	}
	for _, row := range r.Rows {
		if row.EventsPerSecond == 0 || row.P50 == 0 || row.P999 < row.P50 {
			t.Errorf("%s: %+v", row.Name, row.Figures)
		}
		if row.Errors != 0 || row.Undelivered != 0 || row.Repeated != 0 {
			t.Errorf("%s: %v", row.Name, row.notes())
		}
	}
	for _, ratio := range r.Ratios {
		if ratio.Value != nil || ratio.Met != nil {
			t.Errorf("%s has a value, though Wye was not measured", ratio.Name)
		}
	}
	nothingLeft(t, cfg.Dir)
}

func TestStoreRowsOfEveryDurability(t *testing.T) {
	for _, sync := range []string{storeAlways, storeRelaxed, groupCommit} {
		t.Run(sync, func(t *testing.T) {
			cfg := quick(t)
			f, err := measureScene(t.Context(), cfg, row{scene: scene{router: ours("publish", "--sync", sync)}})
			if err != nil {
				t.Fatal(err)
			}
			if f.EventsPerSecond == 0 || f.Errors != 0 {
				t.Errorf("%+v", f)
			}
			nothingLeft(t, cfg.Dir)
		})
	}
}

func TestAnOpenLoopOffersWhatItSays(t *testing.T) {
	slow := scene{router: ours("null"), sink: true, event: matchingType, rate: 200}
	f, err := measureScene(t.Context(), quick(t), row{scene: slow})
	if err != nil {
		t.Fatal(err)
	}
	if f.EventsPerSecond == 0 || f.EventsPerSecond > 400 || f.Errors != 0 {
		t.Errorf("200 events a second were offered: %+v", f)
	}
}

func TestABinaryThatDoesNotStart(t *testing.T) {
	cfg := quick(t, "http", "ingest")
	r, err := Run(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "/nonexistent/wye") {
		t.Errorf("error is %v", err)
	}
	if r == nil || len(r.Rows) != 1 || r.Rows[0].Name != rowHTTP {
		t.Errorf("the other rows should be there: %+v", r)
	}
	cfg.Binary = "/bin/false"
	if _, err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "it ended") {
		t.Errorf("error is %v", err)
	}
	nothingLeft(t, cfg.Dir)
}

func TestAnInterruptEndsEverything(t *testing.T) {
	cfg := quick(t, "null")
	cfg.Duration = time.Hour
	ctx, interrupt := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	time.AfterFunc(300*time.Millisecond, func() { interrupt(why) })
	if _, err := Run(ctx, cfg); !errors.Is(err, why) {
		t.Errorf("error is %v", err)
	}
	nothingLeft(t, cfg.Dir)
}

func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, error %v", left, err)
	}
}

func TestWhatCannotBeMeasured(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"unknown rows":   func(c *Config) { c.Only = []string{"nul"} },
		"no time":        func(c *Config) { c.Duration = 0 },
		"no rounds":      func(c *Config) { c.Rounds = 0 },
		"no connections": func(c *Config) { c.Connections = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := quick(t)
			change(&cfg)
			if _, err := Run(t.Context(), cfg); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestUnknownRole(t *testing.T) {
	err := Role(t.Context(), []string{"audience"}, strings.NewReader(""), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "accept, load, loop, null, publish, sink") {
		t.Errorf("error is %v", err)
	}
}

func TestReportForAPersonAndForAProgram(t *testing.T) {
	cpu, others := 12.5, 1.0
	chosen := choose([]string{"loop", "deliver"})
	r := report(quick(t), machine.Machine{Cores: 2}, chosen, [][]Figures{
		{{EventsPerSecond: 100, RouterCPU: &cpu}, {EventsPerSecond: 300}, {EventsPerSecond: 200}},
		{{EventsPerSecond: 240, Errors: 3, Example: "refused", OthersCPU: &others}},
		{{EventsPerSecond: 1}},
	})
	var table, program bytes.Buffer
	if err := errors.Join(r.WriteTable(&table), r.WriteJSON(&program)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"12.5", "at least 1.3: MISSED", "3 errors, the first: refused", "took up to 1.0 of 2 processors"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is not in\n%s", want, table.String())
		}
	}
	if strings.Contains(table.String(), "null router") {
		t.Errorf("a ratio with a row that was not measured is in\n%s", table.String())
	}
	var back Report
	if err := json.Unmarshal(program.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if got := *back.Ratios[0].Value; got != 1.2 {
		t.Errorf("240 over the median of 100, 200 and 300 is %v, want 1.2", got)
	}
}

func TestRuleFileHasTheRulesOfTheLoop(t *testing.T) {
	file := ruleFile(nobody)
	if _, _, problems := rules.LoadSources(rules.Source{Name: "rules.yaml", Text: []byte(file)}); len(problems) > 0 {
		t.Errorf("Wye finds in it: %v", problems)
	}
	for i, condition := range ruleConditions() {
		if !strings.Contains(file, condition) || !strings.HasSuffix(loopConditions()[i], condition) {
			t.Errorf("rule %d differs", i)
		}
	}
}
