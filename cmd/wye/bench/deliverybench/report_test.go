package deliverybench

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/wye-events/wye/cmd/wye/bench/machine"
)

// sample is a report with something in every table.
func sample(t *testing.T) *Report {
	one, two, cpu, memory := 1.0, 2.0, 12.5, 40.0
	f := Figures{EventsPerSecond: 12_345, CPU: &cpu, Offered: 1000, P50: &one, P99: &two, SentP50: &one, SentP99: &two}
	slow := f
	slow.Offered, slow.Errors, slow.Example, slow.OthersCPU = 40, 3, "refused\n", &one
	pair := Pair{Name: "http", Concurrency: 32, Wye: f, Floor: Figures{EventsPerSecond: 24_690, SentP50: &one}, OfFloor: quotient(1, 2)}
	cfg := quick(t)
	cfg.Rate = 1000
	r := newReport(cfg, machine.Machine{Cores: 2})
	r.Kinds = []Pair{pair}
	r.Policies = []PolicyRow{{Pair: pair, OfPlain: &one}}
	r.Targets = []ManyRow{{Targets: 1000, Matches: 2, Wye: slow, Deliveries: 24_690, Peak: &memory}}
	r.Outage = &Outage{
		Rate: 1000, DrainedPerSecond: 3500, OfArrivals: quotient(3500, 1000), Growth: &memory, Repeated: 2,
		Phases: []Phase{{Name: phaseBefore, P99: &one}, {Name: phaseFailing, P99: &one, OfBefore: &one}, {Name: phaseWaiting, OfBefore: &two, Waiting: 200_000}},
	}
	r.judge()
	return r
}

func TestReportForAPerson(t *testing.T) {
	var text bytes.Buffer
	if err := sample(t).WriteTable(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"12,345  24,690     0.50", "1,000          2    12,345", "200,000", "3.50   at least 3     met", "2.00  at most 1.1  MISSED",
		"1,000 targets, 2 matches: 3 errors, the first: refused\n",
		"1,000 targets, 2 matches: latencies at 40/s, half of what goes",
		"outage: 2 arrivals were repetitions", "took up to 1.0 of 2 processors",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text.String())
		}
	}
}

func TestReportForADocument(t *testing.T) {
	var text bytes.Buffer
	if err := sample(t).WriteMarkdown(&text); err != nil {
		t.Fatal(err)
	}
	columns := 0
	for line := range strings.Lines(text.String()) {
		switch n := strings.Count(line, "|"); {
		case n == 0:
			columns = 0
		case columns == 0:
			columns = n
		case columns != n:
			t.Errorf("%d and %d columns in one table: %s", columns-1, n-1, line)
		}
	}
	for _, want := range []string{"**Many targets**\n\n| targets |", "|---|--:|", "| http | 32 | 12,345 |", "\n* outage: 2 arrivals"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text.String())
		}
	}
}

func TestReportForAProgram(t *testing.T) {
	var text bytes.Buffer
	if err := sample(t).WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(text.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if *back.Kinds[0].OfFloor != 0.5 || *back.Goals[0].Met != true || *back.Goals[2].Met != false {
		t.Errorf("read back: %+v", back)
	}
}

func TestAnEmptyReportHasNoTables(t *testing.T) {
	r := newReport(quick(t), machine.Machine{})
	r.judge()
	if tables := r.tables(); len(tables) > 0 {
		t.Errorf("%d tables", len(tables))
	}
}

func TestLatenciesAreNotThoseOfAQueue(t *testing.T) {
	for _, c := range []struct{ asked, most, want float64 }{{1000, 10_000, 1000}, {1000, 800, 400}, {1000, 0, 1}} {
		if got := offer(c.asked, c.most); got != c.want {
			t.Errorf("of %v asked for, where %v go, %v are offered; want %v", c.asked, c.most, got, c.want)
		}
	}
}
