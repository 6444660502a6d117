package routertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

// Status is what /api/v1/status says.
func (p *Process) Status() (s router.Status) {
	p.ask("/api/v1/status", &s)
	return s
}

// Targets is what /api/v1/targets says.
func (p *Process) Targets() (all []router.TargetStatus) {
	p.ask("/api/v1/targets", &all)
	return all
}

// Target is the state of one target; that of a target which is not known has no name.
func (p *Process) Target(name string) router.TargetStatus {
	p.t.Helper()
	return oneTarget(p.Targets(), name)
}

// UntilTarget waits until the target is as asked for.
func (p *Process) UntilTarget(name, what string, done func(router.TargetStatus) bool) {
	p.t.Helper()
	Until(p.t, name+" "+what, func() bool { return done(p.Target(name)) }, func() any { return p.Target(name) })
}

// Resume ends the pause of a target.
func (p *Process) Resume(name string) {
	p.t.Helper()
	res, err := client.Post("http://"+p.admin+"/api/v1/targets/"+name+"/resume", "", nil)
	if err != nil {
		p.t.Fatal(fmt.Errorf("resume %s: %w", name, err))
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		p.t.Fatalf("resume %s: %s", name, res.Status)
	}
}

// Dead are the dead letters of a target, or ("") all.
func (p *Process) Dead(target string) (letters []router.DeadLetter) {
	p.t.Helper()
	for from := uint64(1); from > 0; {
		var page api.DeadPage
		p.ask(fmt.Sprintf("/api/v1/dead?target=%s&limit=1000&from=%d", target, from), &page)
		letters, from = append(letters, page.Letters...), page.Next
	}
	return letters
}

// Balanced audits all that is kept: nothing may be unaccounted for.
func (p *Process) Balanced() *router.AuditReport {
	p.t.Helper()
	got := p.Audit()
	if !got.Balanced {
		p.t.Errorf("the audit does not balance, %d breaks: events %+v, deliveries %+v, the first breaks %+v", got.Broken, got.Events, got.Deliveries, got.Breaks)
	}
	return got
}

// Ended is Balanced when nothing may be pending any more.
func (p *Process) Ended() *router.AuditReport {
	p.t.Helper()
	got := p.Balanced()
	if n := got.Deliveries.Pending(); n > 0 {
		p.t.Errorf("the audit finds %d deliveries that have not ended: %+v", n, got.Deliveries)
	}
	return got
}

// Goroutines counts those of the process, which must have been started with
// --pprof.
func (p *Process) Goroutines() (n int) {
	p.t.Helper()
	text, found := bytes.CutPrefix(p.get("/debug/pprof/goroutine?debug=1"), []byte("goroutine profile: total "))
	if _, err := fmt.Sscan(string(text), &n); !found || err != nil {
		p.t.Fatal("count the goroutines of wye: the profile does not begin with their number; is --pprof among its flags?")
	}
	return n
}

// Memory is what the process has in memory now, in bytes (its resident set).
func (p *Process) Memory() uint64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal("look at the memory of wye: ", err)
	}
	for line := range strings.Lines(string(text)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kb), "kB")), 10, 64)
			if err != nil {
				p.t.Fatal("look at the memory of wye: ", err)
			}
			return n << 10
		}
	}
	p.t.Fatal("look at the memory of wye: its status says nothing of VmRSS")
	return 0
}

func (p *Process) ask(path string, into any) {
	p.t.Helper()
	if err := json.Unmarshal(p.get(path), into); err != nil {
		p.t.Fatal(fmt.Errorf("ask wye for %s: %w", path, err))
	}
}

func (p *Process) get(path string) []byte {
	p.t.Helper()
	res, err := client.Get("http://" + p.admin + path)
	if err != nil {
		p.t.Fatal(fmt.Errorf("ask wye: %w", err))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		p.t.Fatalf("ask wye for %s: %s, %v: %s", path, res.Status, err, body)
	}
	return body
}

// Floored waits until every accepted event is settled.
func (p *Process) Floored() {
	p.t.Helper()
	Until(p.t, "the floor reaches the head", func() bool {
		s := p.Status()
		return s.Floor == s.Head
	}, func() any { return []any{p.Status(), p.Targets()} })
}

// Drained waits until every accepted event is settled and no backlog is left.
func (p *Process) Drained() {
	p.t.Helper()
	p.Floored()
	Until(p.t, "the backlogs are empty", func() bool {
		for _, t := range p.Targets() {
			if t.Waiting > 0 || t.Active > 0 {
				return false
			}
		}
		return true
	}, func() any { return p.Targets() })
}

// FlooredAt waits until every event up to a sequence is settled.
func (p *Process) FlooredAt(seq uint64) {
	p.t.Helper()
	Until(p.t, "the floor reaches what was there", func() bool { return p.Status().Floor >= seq },
		func() any { return []any{seq, p.Status(), p.Targets()} })
}
