package rules

import (
	"fmt"
	"runtime"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// repeated is n texts with a comma or operator between them.
func repeated(n int, between string, text func(i int) string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = text(i)
	}
	return strings.Join(all, between)
}

// TestConditionsAtTheirBounds: a condition of any size either loads, and then
// answers, or is refused with a code and a place, without much being built.
func TestConditionsAtTheirBounds(t *testing.T) {
	alone(t)
	repeat := strings.Repeat
	is := func(text string) string { return "event.data.s == \"" + text + "\"" }
	fill := func(n int) string { return is(repeat("x", n-len(is("")))) }
	number := func(i int) string { return fmt.Sprint(i + 100) }
	for name, c := range map[string]struct{ when, want string }{
		"8 KiB":                      {fill(8192), "no"},
		"8 KiB and one":              {fill(8193), "WYE045"},
		"8 KiB of spaces":            {"event.data.n ==" + repeat(" ", 8176) + "5", "yes"},
		"8 KiB of comment":           {"event.data.n == 5 //" + repeat("é", 4000), "yes"},
		"48 brackets":                {repeat("(", 48) + "event.data.n == 5" + repeat(")", 48), "yes"},
		"49 brackets":                {repeat("(", 49) + "event.data.n == 5" + repeat(")", 49), "WYE045"},
		"47 negated brackets":        {repeat("!(", 47) + "event.data.n == 5" + repeat(")", 47), "no"},
		"48 brackets of every kind":  {"size(" + repeat("[", 47) + "1" + repeat("]", 47) + ") == 1", "yes"},
		"brackets in a text":         {"event.data.s != \"" + repeat("([{", 1000) + "\"", "yes"},
		"brackets in a comment":      {"event.data.n == 5 // " + repeat("(", 1000), "yes"},
		"brackets that do not end":   {repeat("(", 40) + "event.data.n == 5", "WYE040"},
		"brackets that do not begin": {"event.data.n == 5" + repeat(")", 40), "WYE040"},
		"brackets crossed":           {repeat("([", 20) + repeat(")]", 20), "WYE040"},
		"a list of 1,600 numbers":    {"event.data.n in [" + repeated(1600, ",", number) + ",5]", "yes"},
		"one without it":             {"event.data.n in [" + repeated(1600, ",", number) + "]", "no"},
		"a list of texts":            {`event.data.s in [` + repeated(900, ",", func(i int) string { return fmt.Sprintf("%q", number(i)) }) + `,"abc"]`, "yes"},
		"a list of every kind":       {`event.data.n in [` + repeated(300, ",", func(i int) string { return fmt.Sprintf(`%d,"%d",null,%d.5,%du`, i+9, i, i, i+9) }) + `,5.0]`, "yes"},
		"a list of lists":            {`[event.data.n] in [` + repeated(1000, ",", func(i int) string { return fmt.Sprintf("[%d]", i) }) + `]`, "yes"},
		"a list of nulls":            {"event.data.n in [" + repeat("null,", 1500) + "null]", "no"},
		"a map of 500 keys":          {`{` + repeated(500, ",", func(i int) string { return fmt.Sprintf("%q: %d", number(i), i) }) + `,"abc": 1}[event.data.s] == 1`, "yes"},
		"250 branches":               {repeated(250, "||", func(i int) string { return fmt.Sprintf("event.data.n==%d", i+6) }) + "||event.data.n==5", "yes"},
		"250 parts":                  {repeated(250, "&&", func(i int) string { return fmt.Sprintf("event.data.n!=%d", i+6) }), "yes"},
		"250 branches, one missing":  {"event.data.nope == 1 ||" + repeated(250, "||", func(i int) string { return fmt.Sprintf("event.data.n==%d", i+6) }), "no"},
		"100 branches of branches":   {repeated(100, "&&", func(i int) string { return fmt.Sprintf("(event.data.n==5||event.data.s==\"%d\")", i) }), "yes"},
		"2,000 signs":                {"event.data.n == " + repeat("-", 2000) + "5", "yes"},
		"8,000 negations":            {repeat("!", 8000) + "true", "yes"},
		"a number of 8,000 digits":   {"event.data.n < " + repeat("9", 8000), "WYE040"},
		"a double of 8,000 digits":   {"event.data.n < " + repeat("9", 8000) + ".0", "WYE040"},
		"a name of 8,000 letters":    {"event.data." + repeat("a", 8000) + " == 1", "no"},
		"a variable of 8,000":        {repeat("a", 8000) + " == 1", "WYE041"},
		"an attribute of 8,000":      {"event." + repeat("a", 8000) + " == 1", "no"},
		"a header of 8,000":          {`headers["` + repeat("X", 8000) + `"] == "1"`, "WYE047"},
		"a function of 8,000":        {"event.data.s." + repeat("f", 8000) + "()", "WYE041"},
		"100 fields":                 {"event.data" + repeat(".a", 100) + " == 1", "no"},
		"100 indexes":                {"event.data" + repeat(`["a"]`, 100) + " == 1", "no"},
		"a pattern of 1 KiB":         {`event.data.s.matches("` + repeat("a|", 511) + `b")`, "yes"},
		"a pattern of more":          {`event.data.s.matches("` + repeat("a|", 512) + `b")`, "WYE046"},
		"8 patterns of 900 bytes":    {repeated(8, "||", func(i int) string { return `event.data.s.matches("^` + repeat("ab?", 300) + `$")` }), "no"},
		"32 loops":                   {repeated(32, "||", func(i int) string { return fmt.Sprintf("event.data.l.exists(i,i==%d)", i+1) }), "yes"},
		"33 loops":                   {repeated(33, "||", func(i int) string { return fmt.Sprintf("event.data.l.exists(i,i==%d)", i+1) }), "WYE045"},
		"a text that does not end":   {`event.data.s == "` + repeat("x", 8000), "WYE040"},
		"a text of escapes":          {`event.data.s != "` + repeat(`\u00e9`, 1300) + `"`, "yes"},
		"wrong escapes":              {`event.data.s != "` + repeat(`\x`, 4000) + `"`, "WYE040"},
		"operators alone":            {repeat("&& ", 2700), "WYE040"},
		"commas alone":               {repeat(",", 8000), "WYE045"},
		"quotes alone":               {repeat("'", 8000) + "\"", "WYE040"},
		"unknown characters":         {repeat("§", 4000), "WYE040"},
		"emoji":                      {repeat("😀", 2000), "WYE040"},
		"a zero byte":                {"event.data.n == 5\x00", "WYE040"},
		"400 misspelt attributes":    {repeated(400, "||", func(i int) string { return "event.sorce==\"\"" }), "WYE042"},
		"700 wrong types":            {repeated(700, "||", func(i int) string { return "\"a\" < 1" }), "WYE043"},
		"a chain of sums":            {"event.data.n == 5" + repeat(" + 0", 50), "yes"},
	} {
		t.Run(name, func(t *testing.T) { checkAtBounds(t, c.when, c.want) })
	}
}

func checkAtBounds(t *testing.T, when, want string) {
	rule := genRule{name: "r", on: []string{"**"}, when: leaf(when)}
	var m *Matcher
	var problems Problems
	_, allocated := measure(func() { _, m, problems = LoadSources(source([]genRule{rule})) })
	if allocated > vast {
		t.Errorf("loading allocates %d MiB", allocated>>20)
	}
	if m == nil {
		checkRefused(t, problems, want)
		return
	}
	ev := jsonEvent(`{"n": 5, "s": "abc", "l": [1, 2, 3]}`)
	var got string
	if _, allocated = measure(func() { got = answer(m, ev) }); allocated > vast {
		t.Errorf("matching allocates %d MiB", allocated>>20)
	}
	if !strings.HasPrefix(got, want) {
		t.Errorf("%.80s: %s, want %s", when, got, want)
	}
	s, err := newSubject([]genRule{rule}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if differs := s.compare(ev, &counts{}); differs != "" {
		t.Error(differs)
	}
}

func checkRefused(t *testing.T, problems Problems, want string) {
	t.Helper()
	for _, p := range problems {
		if p.Code != want || p.Line != 4 || p.Column < 1 || p.Rule != "r" || p.Message == "" || len(p.Message)+len(p.Hint) > 3*maxConditionText {
			t.Errorf("refused with %s at %d:%d of rule %q, want %s: %.600s (%.600s)", p.Code, p.Line, p.Column, p.Rule, want, p.Message, p.Hint)
			return
		}
	}
	if len(problems) == 0 || len(problems) > 100 {
		t.Errorf("refused with %d problems", len(problems))
	}
}

// badEvents are events that are large or strange, beside what rules say of them.
func badEvents() map[string]struct{ data, want string } {
	repeat := strings.Repeat
	keys := repeated(100_000, ",", func(i int) string { return fmt.Sprintf(`"k%d":%d`, i, i) })
	digits := repeat("1234567890", 1000)
	nested := func(open, close string, n int) string { return repeat(open, n) + "1" + repeat(close, n) }
	return map[string]struct{ data, want string }{
		"a text of 1 MiB":            {`{"n":5,"s":"` + repeat("a", 1<<20) + `"}`, "five has long negated"},
		"a text of 1 MiB of escapes": {`{"s":"` + repeat(`\u0061`, 1<<17) + `","n":5.0}`, "five has long negated"},
		"1 MiB of broken UTF-8":      {`{"s":"a` + repeat("\xff", 1<<20) + `","n":5}`, "five has long negated"},
		"1 MiB of space":             {repeat(" ", 1<<19) + `{"n":` + repeat("\n", 1<<19) + `5}`, "five has"},
		"1 MiB of ones":              {`{"l":[1` + repeat(",1", 1<<19) + `],"n":5}`, "five has negated in"},
		"a name of 1 MiB":            {`{"` + repeat("n", 1<<20) + `":1,"n":5}`, "five has"},
		"1,000 levels of objects":    {`{"a":` + nested(`{"a":`, "}", 1000) + `,"n":5}`, "five has deep"},
		"1,000 levels of lists":      {`{"l":` + nested("[", "]", 1000) + `,"n":5}`, "five has negated"},
		"10,000 levels":              {`{"x":` + nested("[", "]", 9999) + `,"n":5}`, "five has"},
		"10,001 levels":              {`{"n":5,"x":` + nested("[", "]", 10_000) + `}`, "!five !has !long !deep !in !negated !residual !key !loop !large"},
		"levels that do not end":     {`{"n":5,"x":` + repeat(`[{"x":`, 100_000), "!five !has !long !deep !in !negated !residual !key !loop !large"},
		"100,000 keys":               {`{"n":5,` + keys + `}`, "five has key"},
		"100,000 keys, then":         {`{` + keys + `,"n":5}`, "five has key"},
		"100,000 keys, overridden":   {`{"n":5,` + keys + `,"n":6,"k99999":null}`, "has"},
		"100,000 times a key":        {`{` + repeat(`"n":6,`, 100_000) + `"n":5}`, "five has"},
		"100,000 times another way":  {`{` + repeat(`"n":5,"\u006e":6,`, 50_000) + `"\u006e":5e0}`, "five has"},
		"10,000 digits":              {`{"n":` + digits + `}`, "has large"},
		"10,000 negative digits":     {`{"n":-` + digits + `}`, "has"},
		"10,000 digits of fraction":  {`{"n":5.` + repeat("0", 9999) + `1}`, "has five"},
		"10,000 zeros":               {`{"n":5.` + repeat("0", 10_000) + `}`, "has five"},
		"10,000 zeros taken back":    {`{"n":5` + repeat("0", 10_000) + `e-10000}`, "has five"},
		"10,000 zeros in front":      {`{"n":0.` + repeat("0", 9_999) + `5e10000}`, "has five"},
		"an exponent of 1,000":       {`{"n":5e1000}`, "has large"},
		"an exponent of 10^1000":     {`{"n":5e` + repeat("9", 1000) + `}`, "has large"},
		"nothing but a number":       {digits, ""},
		"nothing but 1,000 levels":   {nested("[", "]", 1000), "!five !has !long !deep !in !negated !residual !key !loop !large"},
		"1 MiB that is not JSON":     {`{"n":5,"s":"` + repeat("a", 1<<20) + `"`, "!five !has !long !deep !in !negated !residual !key !loop !large"},
	}
}

var badEventRules = []genRule{
	{name: "five", on: []string{"**"}, when: leaf(`event.data.n == 5`)},
	{name: "has", on: []string{"**"}, when: leaf(`has(event.data.n)`)},
	{name: "large", on: []string{"**"}, when: leaf(`event.data.n > 1e300`)},
	{name: "long", on: []string{"**"}, when: leaf(`event.data.s.startsWith("aa") || event.data.s.startsWith("a\ufffd")`)},
	{name: "deep", on: []string{"**"}, when: leaf(`has(event.data.a.a.a.a.a.a.a.a.a)`)},
	{name: "key", on: []string{"**"}, when: leaf(`event.data.k99999 == 99999 && event.data.k0 == 0`)},
	{name: "in", on: []string{"**"}, when: leaf(`1 in event.data.l`)},
	{name: "loop", on: []string{"**"}, when: leaf(`event.data.l.exists(i, i == 2)`)},
	{name: "negated", on: []string{"**"}, when: leaf(`!(event.data.s == "b") || event.data.l != []`)},
	{name: "residual", on: []string{"**"}, when: leaf(`event.data.s.size() > 2000000`)},
	{name: "attribute", on: []string{"**"}, when: leaf(`event.source == "/other"`)},
}

// TestBadEvents: an event of any size and shape is matched rightly, with memory
// that is bounded and given back.
func TestBadEvents(t *testing.T) {
	alone(t)
	s, err := newSubject(badEventRules, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range badEvents() {
		ev := jsonEvent(e.data)
		var matches []Match
		before := heap()
		_, allocated := measure(func() { matches = s.matcher.Match(ev, nil) })
		if after := heap(); allocated > 2*vast || after > before+8<<20 {
			t.Errorf("%s: %d MiB allocated, %d MiB kept", name, allocated>>20, int(after-before)>>20)
		}
		var got []string
		for i, v := range s.result(matches).verdicts {
			switch v {
			case yes:
				got = append(got, badEventRules[i].name)
			case failed:
				got = append(got, "!"+badEventRules[i].name)
			}
		}
		want := strings.Fields(e.want)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		if differs := s.compare(ev, &counts{}); differs != "" {
			t.Errorf("%s: %s", name, differs)
		}
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what is in a sync.Pool lives on for one
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestLoopsAtTheCostLimit: plain evaluation gives up for too much work at some
// length of a list, whatever stands beside the loop; Match does so too, to the
// element, or it answers what there would be to answer (see stopsAlike).
func TestLoopsAtTheCostLimit(t *testing.T) {
	t.Parallel()
	alone(t)
	list := "[" + repeated(100, ", ", func(i int) string { return fmt.Sprint(i + 2) }) + "]"
	branches := repeated(60, " || ", func(i int) string { return fmt.Sprintf("i == %d", i+2) })
	for _, when := range []string{
		`event.data.l.exists(i, i in ` + list + `) || true`,
		`event.data.n == 5 && event.data.l.exists(i, i in ` + list + `)`,
		`!event.data.l.exists(i, i in ` + list + `)`,
		`event.data.l.exists(i, ` + branches + `)`,
		`!event.data.l.all(i, !(` + branches + `))`,
	} {
		s, err := newSubject([]genRule{{name: "r", on: []string{"**"}, when: leaf(when)}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		event := func(n int) *cloudevent.Event {
			return jsonEvent(`{"n": 5, "l": [` + strings.Repeat("1,", n) + `2]}`)
		}
		tooMuch := sort.Search(4000, func(n int) bool { return len(s.result(s.matcher.MatchOneByOne(event(n), nil)).errors) > 0 })
		if tooMuch < 10 || tooMuch == 4000 {
			t.Errorf("%d elements are too much for %s", tooMuch, when)
		}
		for _, n := range []int{tooMuch - 1, tooMuch, 2 * tooMuch} {
			if differs := s.compare(event(n), &counts{}); differs != "" {
				t.Errorf("%d elements: %s: %s", n, when, differs)
			}
		}
	}
}

// TestManyCallsAtTheCostLimit: four calls on a large text are free, five are
// counted.
func TestManyCallsAtTheCostLimit(t *testing.T) {
	alone(t)
	call := func(i int) string { return fmt.Sprintf(`event.data.s.contains("b%d")`, i) }
	ev := jsonEvent(`{"s":"` + strings.Repeat("a", 1<<20) + `"}`)
	for calls, want := range map[int]verdict{1: yes, 4: yes, 5: failed} {
		when := repeated(calls, " || ", call) + ` || event.data.s.endsWith("a")`
		s, err := newSubject([]genRule{{name: "r", on: []string{"**"}, when: leaf(when)}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.result(s.matcher.MatchOneByOne(ev, nil)).verdicts[0]; got != want {
			t.Errorf("%d calls: %s, want %s", calls, got, want)
		}
		if differs := s.compare(ev, &counts{}); differs != "" {
			t.Errorf("%d calls: %s", calls, differs)
		}
	}
}

func TestManyAttributes(t *testing.T) {
	many := jsonEvent(`{}`)
	for i := range 1000 {
		many.Extensions = append(many.Extensions, cloudevent.Extension{Name: fmt.Sprintf("x%03d", i), Value: "v"})
		many.Headers = append(many.Headers, cloudevent.Header{Name: fmt.Sprintf("x-%03d", i), Value: strings.Repeat("v", 100)})
	}
	if got := answer(testMatcher(t, `event.x999 == "v" && headers["x-999"].startsWith("vv") && !("x-z" in headers) && !has(event.x1000)`), many); got != "yes" {
		t.Error(got)
	}
}
