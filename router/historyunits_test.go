package router

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/rules"
)

// lineOf builds a timeline from notes in the order in which they were made.
func lineOf(notes ...segment) (t timeline) {
	for _, n := range notes {
		t, _, _ = t.add(n)
	}
	return t
}

func TestTimeline(t *testing.T) {
	for name, c := range map[string]struct {
		notes []segment
		want  map[uint64]string
	}{
		"nothing noted":                    {nil, map[uint64]string{0: "", 1: "", 99: ""}},
		"from the start":                   {[]segment{{1, "a"}}, map[uint64]string{0: "", 1: "a", 99: "a"}},
		"since later":                      {[]segment{{10, "a"}}, map[uint64]string{9: "", 10: "a"}},
		"a reload":                         {[]segment{{1, "a"}, {10, "b"}}, map[uint64]string{9: "a", 10: "b", 11: "b"}},
		"there and back":                   {[]segment{{1, "a"}, {10, "b"}, {20, "a"}}, map[uint64]string{9: "a", 19: "b", 20: "a"}},
		"read again under another":         {[]segment{{1, "a"}, {10, "b"}, {7, "c"}}, map[uint64]string{6: "a", 7: "c", 10: "c", 99: "c"}},
		"read again under the first":       {[]segment{{1, "a"}, {10, "b"}, {7, "a"}}, map[uint64]string{6: "a", 7: "a", 10: "a"}},
		"read again from the same":         {[]segment{{1, "a"}, {10, "b"}, {10, "c"}}, map[uint64]string{9: "a", 10: "c"}},
		"read again from before all notes": {[]segment{{5, "a"}, {10, "b"}, {3, "c"}}, map[uint64]string{2: "", 3: "c", 12: "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			line := lineOf(c.notes...)
			for seq, want := range c.want {
				if got := line.decided(seq); got != want {
					t.Errorf("%d was decided by %q, want %q: %v", seq, got, want, line)
				}
			}
		})
	}
}

func TestTimelineNews(t *testing.T) {
	line := lineOf(segment{1, "a"}, segment{10, "b"})
	for s, want := range map[segment]bool{{10, "b"}: false, {11, "b"}: false, {12, "c"}: true, {5, "a"}: true, {5, "b"}: true} {
		_, news, gone := line.add(s)
		if news != want || (s.from == 5) != (len(gone) == 1) {
			t.Errorf("%v: news %t, in place of %v", s, news, gone)
		}
	}
	if got := line.decided(10); got != "b" {
		t.Errorf("adding changed what was held: %v", line)
	}
}

func TestTimelineBefore(t *testing.T) {
	line := lineOf(segment{1, "a"}, segment{10, "b"}, segment{20, "c"})
	for first, want := range map[uint64]int{0: 0, 1: 0, 9: 0, 10: 1, 15: 1, 20: 2, 1000: 2} {
		if got := line.before(first); len(got) != want {
			t.Errorf("of what is kept from %d on %v is not needed, want %d", first, got, want)
		}
	}
}

func TestSurplus(t *testing.T) {
	var memories []bus.Memory
	for i := range 30 {
		memories = append(memories, bus.Memory{Name: fmt.Sprint("v", i), Bytes: 1 << 20})
	}
	if got, want := surplus(memories, map[string]bool{"v3": true, "v29": true}, "v29"), 9; len(got) != want || slices.Contains(got, "v3") || got[0] != "v9" {
		t.Errorf("%d are surplus: %v", len(got), got)
	}
	all := map[string]bool{}
	for i := range memories {
		all[memories[i].Name], memories[i].Bytes = true, versionsBytes/10
	}
	got := surplus(memories, all, "v2")
	if len(got) != 19 || slices.Contains(got, "v2") || slices.Contains(got, "v20") || !slices.Contains(got, "v19") {
		t.Errorf("too large together; surplus: %v", got)
	}
}

func TestPack(t *testing.T) {
	sources := []rules.Source{
		{Name: "b.yaml", Text: []byte("\ufeffversion: 1\nrules: {r: {on: \"**\", to: q}}\n")},
		{Name: "a.yml", Text: []byte("version: 1\r\ntargets: {q: {queue: {name: q}}}\n# " + strings.Repeat("ä", 3<<10))},
		{Name: strings.Repeat("long", 50) + ".yaml", Text: []byte("version: 1\n")},
	}
	set, _, problems := rules.LoadSources(sources...)
	if set == nil {
		t.Fatal(problems)
	}
	if got := rules.Version(sources...); got != set.Version {
		t.Fatalf("%s is not the version %s that the rules have", got, set.Version)
	}
	packed, err := pack(sources)
	if err != nil {
		t.Fatal(err)
	}
	back, err := unpack(packed, set.Version)
	if err != nil {
		t.Fatal(err)
	}
	again, _, _ := rules.LoadSources(back...)
	if again == nil || again.Version != set.Version {
		t.Errorf("%+v", again)
	}
	if _, err := unpack(packed, "000000000000"); err == nil || !strings.Contains(err.Error(), set.Version) {
		t.Errorf("taken for another version: %v", err)
	}
	for _, n := range []int{0, 9, len(packed) / 2, len(packed) - 1} {
		if _, err := unpack(packed[:n], set.Version); err == nil {
			t.Errorf("the first %d bytes were taken for the whole", n)
		}
	}
}

func TestPastMatchersAreFew(t *testing.T) {
	matcher := func(i int) *rules.Matcher {
		_, m, problems := rules.LoadSources(rules.Source{Name: "r.yaml", Text: fmt.Appendf(nil, "version: 1\n# %d\n", i)})
		if m == nil {
			t.Fatal(problems)
		}
		return m
	}
	p := newPastMatchers()
	first := matcher(0)
	p.put(pastMatcher{first, 1})
	for i := range pastMatchersMost - 1 {
		p.put(pastMatcher{matcher(i + 1), 1})
	}
	if p.get(first.Version()) != first {
		t.Error("the first was let go of too early")
	}
	p.put(pastMatcher{matcher(100), 1})
	if p.get(first.Version()) != first || len(p.held) != pastMatchersMost {
		t.Errorf("what was used last was let go of, or nothing: %d are held", len(p.held))
	}
	large := matcher(101)
	p.put(pastMatcher{large, 2 * pastMatchersBytes})
	if len(p.held) != 1 || p.get(large.Version()) != large {
		t.Errorf("%d are held beside a large one", len(p.held))
	}
}
