package routertest_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/wye-events/wye/router/routertest"
	"github.com/wye-events/wye/rules"
)

// TestPastOverKills kills Wye while the rules change under load, and compares
// what it remembers of each event with what the receiver saw.
func TestPastOverKills(t *testing.T) {
	t.Parallel()
	r := routertest.NewReceiver(t, routertest.Well)
	versions := map[string]string{} // by rule
	set := func(name string) string {
		text := ruleNamed(name, to("web", r))
		_, m, problems := rules.LoadSources(rules.Source{Name: "rules.yaml", Text: []byte(text)})
		if m == nil {
			t.Fatal(problems)
		}
		versions[name] = m.Version()
		return text
	}
	p := routertest.NewProcess(t, routertest.Build(t), set("first"), t.TempDir())
	p.Start()
	const kills, reloads = 4, 4
	for k := range kills {
		ctx, end := context.WithCancel(t.Context())
		var sending sync.WaitGroup
		for n := range 8 {
			sending.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					p.Post(ctx, routertest.Event{ID: fmt.Sprint(k, "-", n, "-", i)})
				}
			})
		}
		for n := range reloads {
			came := len(r.Arrivals())
			r.UntilCame(came + 200*(n%2)) // also one right after the other
			p.Reload(set(fmt.Sprint("r", k, "-", n)))
		}
		p.Kill()
		end()
		sending.Wait()
		if k%2 == 1 {
			p.WriteRules(set(fmt.Sprint("s", k))) // comes into force with the start
		}
		p.Start()
	}
	p.Drained()
	seen := map[uint64]map[string]bool{} // versions by event
	for _, a := range r.Arrivals() {
		parts := strings.Split(a.DeliveryID, "/")
		seq, err := strconv.ParseUint(parts[0], 10, 64)
		if err != nil {
			t.Fatal(a.DeliveryID)
		}
		if seen[seq] == nil {
			seen[seq] = map[string]bool{}
		}
		seen[seq][versions[parts[1]]] = true
	}
	more := 0
	sequences := slices.Sorted(maps.Keys(seen))
	for i, seq := range sequences {
		// Those beside a change are looked at, and some of the others.
		beside := i > 0 && !maps.Equal(seen[seq], seen[sequences[i-1]]) || i+1 < len(sequences) && !maps.Equal(seen[seq], seen[sequences[i+1]])
		if !beside && i%50 != 0 {
			continue
		}
		// One that was delivered by several versions was read again.
		if doc := p.Past(seq); !seen[seq][doc.Version] {
			t.Errorf("event %d is said to be decided by %q (%s); it was by %v", seq, doc.Version, doc.VersionNote, seen[seq])
		}
	}
	for _, versions := range seen {
		more += len(versions) - 1
	}
	t.Logf("%d events, %d versions, %d decided again by another", len(seen), len(versions), more)
}
