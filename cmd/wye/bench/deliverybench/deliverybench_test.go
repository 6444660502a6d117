package deliverybench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
)

// TestMain runs the role where the benchmark of a test started this program as
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

// quick is without a Wye: that one is measured by the test of the command.
func quick(t *testing.T) Config {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Self: []string{self, roleArgument}, Binary: "/nonexistent/wye", Dir: t.TempDir(),
		Duration: 100 * time.Millisecond, Connections: 8, Size: 512, Rate: 200, Backlog: 100, Progress: io.Discard,
	}
}

func TestTheFloorOfEveryKind(t *testing.T) {
	for _, c := range []struct {
		kind               string
		concurrency, batch int
	}{{kindHTTP, 1, 0}, {kindHTTP, 4, 0}, {kindHTTP, 2, 10}, {kindQueue, 4, 0}, {kindStream, 4, 0}} {
		t.Run(fmt.Sprintf("%s %d %d", c.kind, c.concurrency, c.batch), func(t *testing.T) {
			cfg := quick(t)
			s := plain(c.kind, c.concurrency)
			s.batch = c.batch
			f, err := withoutWye(t.Context(), cfg, s, cfg.Rate)
			if err != nil {
				t.Fatal(err)
			}
			if f.EventsPerSecond == 0 || f.Errors != 0 || f.Offered > cfg.Rate {
				t.Errorf("%+v", f)
			}
			if f.P50 != nil || f.SentP50 == nil || *f.SentP50 <= 0 || *f.SentP99 < *f.SentP50 {
				t.Errorf("latencies of events that arrived: %+v", f)
			}
			nothingLeft(t, cfg.Dir)
		})
	}
}

func TestABinaryThatDoesNotStart(t *testing.T) {
	cfg := quick(t)
	cfg.Only, cfg.Quick = []string{partKinds, partOutage}, true
	r, err := Run(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "/nonexistent/wye") {
		t.Errorf("error is %v", err)
	}
	if r == nil || len(r.Kinds) > 0 || r.Outage != nil {
		t.Errorf("there should be a report with nothing in it: %+v", r)
	}
	nothingLeft(t, cfg.Dir)
}

func TestAnInterruptEndsEverything(t *testing.T) {
	cfg := quick(t)
	cfg.Duration = time.Hour
	ctx, interrupt := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	time.AfterFunc(200*time.Millisecond, func() { interrupt(why) })
	if _, err := withoutWye(ctx, cfg, plain(kindHTTP, 1), 0); !errors.Is(err, why) {
		t.Errorf("error is %v", err)
	}
	if _, err := Run(ctx, cfg); !errors.Is(err, why) {
		t.Errorf("error of a run is %v", err)
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
		"unknown part":   func(c *Config) { c.Only = []string{"kind"} },
		"no time":        func(c *Config) { c.Duration = 0 },
		"no connections": func(c *Config) { c.Connections = 0 },
		"no rate":        func(c *Config) { c.Rate = 0 },
		"no backlog":     func(c *Config) { c.Backlog = 0 },
		"too much":       func(c *Config) { c.Backlog = mostEvents },
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
	for _, args := range [][]string{nil, {"audience"}, {roleDirect, "--kind", "carrier pigeon", "--dir", t.TempDir()}} {
		if err := Role(t.Context(), args, strings.NewReader(""), io.Discard); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

func TestEverySceneIsARuleSet(t *testing.T) {
	everything := plain(kindHTTP, 256)
	everything.batch, everything.ordered, everything.targets, everything.matches = 1000, true, 10, 3
	nowhere := plain(kindHTTP, 1)
	nowhere.matches = 0
	files := []string{outageRules("http://127.0.0.1:1/", "http://127.0.0.1:2/")}
	for _, s := range []scene{plain(kindHTTP, 1), plain(kindQueue, 32), plain(kindStream, 32), everything, nowhere} {
		files = append(files, s.ruleFile("http://127.0.0.1:1/"))
	}
	for _, file := range files {
		if _, _, problems := rules.LoadSources(rules.Source{Name: "rules.yaml", Text: []byte(file)}); len(problems) > 0 {
			t.Errorf("Wye finds in\n%s\n%v", file, problems)
		}
	}
}
