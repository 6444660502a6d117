package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wye-events/wye/rules"
)

const matchRules = `version: 1
targets: {q: {queue: {name: q}}}
rules:
  all: {on: "**", to: q}
  large: {on: com.example.order, when: event.data.total > 100, to: q}
  twelve: {on: com.example.order, when: event.data.total == 12, to: q}
`

func matcherOf(t *testing.T, text string) *rules.Matcher {
	t.Helper()
	_, m, problems := rules.LoadSources(rules.Source{Name: "r.yaml", Text: []byte(text)})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return m
}

const matchRulesPlain = `version: 1
targets: {q: {queue: {name: q}}}
rules:
  all: {on: "**", to: q}
`

// answered is a line of the output.
type answered struct {
	N       int               `json:"n"`
	ID      string            `json:"id"`
	Source  string            `json:"source"`
	Matched []string          `json:"matched"`
	Errors  map[string]string `json:"errors"`
	Invalid string            `json:"invalid"`
}

func runMatch(t *testing.T, m *matching, from io.Reader) ([]answered, matchTally) {
	t.Helper()
	var out bytes.Buffer
	m.out = &out
	tally, err := m.run(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	return answersIn(t, out.String()), tally
}

func answersIn(t *testing.T, text string) (all []answered) {
	t.Helper()
	for line := range strings.Lines(text) {
		var a answered
		if err := json.Unmarshal([]byte(line), &a); err != nil || !strings.HasSuffix(line, "}\n") {
			t.Fatalf("%v in %q", err, line)
		}
		all = append(all, a)
	}
	return all
}

func orderLine(id, more string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/shop","type":"com.example.order"%s}`, id, more)
}

// TestMatchLines: what each line is answered with. Whatever it is, the lines
// after it are answered too.
func TestMatchLines(t *testing.T) {
	data := func(text string) string { return orderLine("a", `,"data":`+text) }
	for name, c := range map[string]struct {
		line    string
		invalid string // a part of what is said; empty for an event that is valid
		matched string
	}{
		"plain":                {data(`{"total": 250}`), "", "all large"},
		"no data":              {orderLine("a", ""), "", "all"},
		"CRLF":                 {data(`{"total": 250}`) + "\r", "", "all large"},
		"space around":         {" \t" + data(`{"total": 250}`) + " ", "", "all large"},
		"1 MiB":                {data(`{"total": 250, "pad": "` + strings.Repeat("x", 1<<20) + `"}`), "", "all large"},
		"8 MiB":                {data(`"` + strings.Repeat("x", longestLine-len(data(`""`))) + `"`), "", "all"},
		"400 levels":           {data(strings.Repeat("[", 400) + strings.Repeat("]", 400)), "", "all"},
		"number of 10,000":     {data(`{"total": ` + strings.Repeat("9", 10_000) + `}`), "", "all large"},
		"small by 10,000":      {data(`{"total": 0.` + strings.Repeat("0", 10_000) + `1}`), "", "all"},
		"duplicate in data":    {data(`{"total": 1, "total": 250}`), "", "all large"},
		"unicode":              {data(`{"total": 12, "naïve": "\ud83d\ude00"}`), "", "all twelve"},
		"one byte too long":    {data(`"` + strings.Repeat("x", longestLine+1-len(data(`""`))) + `"`), "the line has 8,388,609 bytes; an event has at most 8,388,608 (8 MiB)", ""},
		"far too long":         {strings.Repeat("x", 3*longestLine), "the line has 25,165,824 bytes", ""},
		"not JSON":             {"hello", "expected a JSON object", ""},
		"ends early":           {`{"specversion":"1.0",`, "the text ends", ""},
		"two in a line":        {orderLine("a", "") + orderLine("b", ""), "expected the end of the text", ""},
		"array":                {"[" + orderLine("a", "") + "]", "expected a JSON object", ""},
		"text":                 {`"event"`, "expected a JSON object", ""},
		"null":                 {`null`, "expected a JSON object", ""},
		"no attributes":        {`{}`, `"specversion"`, ""},
		"missing id":           {`{"specversion":"1.0","source":"/s","type":"t"}`, `attribute "id": is missing`, ""},
		"empty id":             {orderLine("", ""), `attribute "id"`, ""},
		"another specversion":  {`{"specversion":"0.3","id":"a","source":"/s","type":"t"}`, `attribute "specversion"`, ""},
		"invalid UTF-8":        {orderLine("a", ",\"subject\":\"\xc3\x28\""), "UTF-8", ""},
		"invalid UTF-8 only":   {"\xff\xfe", "UTF-8", ""},
		"NUL":                  {"\x00\x00\x00", "expected", ""},
		"NUL in text":          {orderLine("a", ",\"subject\":\"\x00\""), "control character", ""},
		"byte order mark":      {"\xEF\xBB\xBF" + orderLine("a", ""), "byte order mark", ""},
		"duplicate attribute":  {orderLine("a", `,"id":"b"`), `attribute "id"`, ""},
		"both kinds of data":   {orderLine("a", `,"data":1,"data_base64":"AA=="`), "data_base64", ""},
		"1,000 levels":         {data(strings.Repeat("[", 1000) + strings.Repeat("]", 1000)), "deeper than 512", ""},
		"100,000 open":         {data(strings.Repeat("[", 100_000)), "deeper than 512", ""},
		"time that is no time": {orderLine("a", `,"time":"yesterday"`), `attribute "time"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &matching{matcher: matcherOf(t, matchRules)}
			got, tally := runMatch(t, m, strings.NewReader(c.line+"\n"+orderLine("next", "")))
			if len(got) != 2 || got[0].N != 1 || got[1].N != 2 || got[1].ID != "next" {
				t.Fatalf("answers %.300v", got)
			}
			first := got[0]
			if c.invalid == "" {
				if first.ID != "a" || first.Source != "/shop" || strings.Join(first.Matched, " ") != c.matched || tally.Invalid != 0 || tally.Matched != 2 {
					t.Errorf("got %v, %+v; expected that %s match", first, tally, c.matched)
				}
				return
			}
			if !strings.Contains(first.Invalid, c.invalid) || len(first.Invalid) > 400 || first.ID != "" || first.Matched != nil || tally.Invalid != 1 {
				t.Errorf("got %.500v, %+v; expected %q", first, tally, c.invalid)
			}
		})
	}
}

// TestMatchBlankLines: lines that are blank are no events and have no number,
// and the last line needs no end.
func TestMatchBlankLines(t *testing.T) {
	for name, text := range map[string]string{
		"plain":            "A\nB\nC\n",
		"no last line end": "A\nB\nC",
		"CRLF":             "A\r\nB\r\nC\r\n",
		"blank":            "\n\nA\n \t \nB\r\n\r\n\n\nC\n\n",
	} {
		text = strings.NewReplacer("A", orderLine("A", ""), "B", orderLine("B", ""), "C", orderLine("C", "")).Replace(text)
		for readerName, from := range map[string]io.Reader{
			"whole": strings.NewReader(text), "bytes": iotest.OneByteReader(strings.NewReader(text)), "end with data": iotest.DataErrReader(strings.NewReader(text)),
		} {
			got, tally := runMatch(t, &matching{matcher: matcherOf(t, matchRulesPlain)}, from)
			if len(got) != 3 || got[0].ID != "A" || got[1].ID != "B" || got[2].ID != "C" || got[2].N != 3 || tally.Lines != 3 || tally.Read != int64(len(text)) {
				t.Errorf("%s, %s: %+v, %+v", name, readerName, got, tally)
			}
		}
	}
	for _, text := range []string{"", "\n", " \r\n\n"} {
		if got, tally := runMatch(t, &matching{matcher: matcherOf(t, matchRulesPlain)}, strings.NewReader(text)); len(got) != 0 || tally.Lines != 0 {
			t.Errorf("%q: %v %+v", text, got, tally)
		}
	}
}

// TestMatchLongLinesBetween: lines too long for one part, or for all, among
// others, however they are read.
func TestMatchLongLinesBetween(t *testing.T) {
	long := orderLine("long", `,"data":"`+strings.Repeat("y", 2*partSize)+`"`)
	text := strings.Join([]string{orderLine("1", ""), long, orderLine("3", ""), strings.Repeat("z", longestLine+1), orderLine("5", ""),
		strings.Repeat("z", longestLine+partSize+7), strings.Repeat("z", 2*longestLine), "", orderLine("8", "")}, "\n")
	for name, from := range map[string]io.Reader{"whole": strings.NewReader(text), "halves": iotest.HalfReader(strings.NewReader(text))} {
		got, _ := runMatch(t, &matching{matcher: matcherOf(t, matchRulesPlain), workers: 3}, from)
		var shape []string
		for i, a := range got {
			if a.N != i+1 {
				t.Errorf("%s: line %d has the number %d", name, i+1, a.N)
			}
			if a.Invalid != "" {
				a.ID = "too long"
			}
			shape = append(shape, a.ID)
		}
		if want := "1,long,3,too long,5,too long,too long,8"; strings.Join(shape, ",") != want {
			t.Errorf("%s: %v, expected %s", name, shape, want)
		}
	}
}

// TestMatchOrder: the answers of many workers are in the order of the lines.
func TestMatchOrder(t *testing.T) {
	const lines = 30_000
	var text strings.Builder
	for i := range lines {
		// Some take much longer than others.
		fmt.Fprintln(&text, orderLine(fmt.Sprint(i+1), fmt.Sprintf(`,"data":{"total":%d,"pad":"%s"}`, i%200, strings.Repeat("p", i%7*i%500))))
	}
	got, tally := runMatch(t, &matching{matcher: matcherOf(t, matchRules), workers: 8}, strings.NewReader(text.String()))
	if len(got) != lines || tally.Matched != lines {
		t.Fatalf("%d answers, %+v", len(got), tally)
	}
	for i, a := range got {
		want := "all"
		switch total := i % 200; {
		case total > 100:
			want = "all large"
		case total == 12:
			want = "all twelve"
		}
		if a.N != i+1 || a.ID != fmt.Sprint(i+1) || strings.Join(a.Matched, " ") != want {
			t.Fatalf("answer %d: %+v, expected %s", i+1, a, want)
		}
	}
}

// TestMatchOnError: a condition that fails is told, and its rule is among the
// matched ones only if it says so.
func TestMatchOnError(t *testing.T) {
	m := &matching{matcher: matcherOf(t, `version: 1
targets: {q: {queue: {name: q}}}
rules:
  taken: {on: "**", when: event.data.total > 1, on_error: match, to: q}
  skipped: {on: "**", when: event.data.total > 1, to: q}
  buried: {on: "*.example.*", when: event.data.total > 1, on_error: dead_letter, to: q}
`)}
	text := orderLine("fails", `,"data":{"total":"x"}`) + "\n" + orderLine("good", `,"data":{"total":2}`) + "\n" + orderLine("absent", "") + "\n" +
		strings.Replace(orderLine("passes", `,"data":{"total":"x"}`), "com.example", "x.y.z", 1)
	got, tally := runMatch(t, m, strings.NewReader(text))
	if len(got[0].Errors) != 3 || !strings.HasPrefix(got[0].Errors["buried"], "> cannot be used between ") || strings.Join(got[0].Matched, " ") != "taken" {
		t.Errorf("%+v", got[0])
	}
	if got[1].Errors != nil || strings.Join(got[1].Matched, " ") != "buried skipped taken" {
		t.Errorf("%+v", got[1])
	}
	if got[2].Errors != nil || got[2].Matched == nil || len(got[2].Matched) != 0 {
		t.Errorf("%+v", got[2])
	}
	if want := (matchTally{Lines: 4, Matched: 3, Unmatched: 1, Errors: 5, Read: int64(len(text))}); tally != want {
		t.Errorf("%+v, expected %+v", tally, want)
	}
}

// TestMatchBuried: an event of which only dead letters are made is neither
// matched nor unmatched.
func TestMatchBuried(t *testing.T) {
	m := &matching{matcher: matcherOf(t, `version: 1
targets: {q: {queue: {name: q}}}
rules:
  buried: {on: "**", when: event.data.total > 1, on_error: dead_letter, to: q}
`)}
	got, tally := runMatch(t, m, strings.NewReader(orderLine("a", `,"data":{"total":"x"}`)))
	if len(got[0].Matched) != 0 || len(got[0].Errors) != 1 || tally.Buried != 1 || tally.Unmatched+tally.Matched != 0 {
		t.Errorf("%+v, %+v", got, tally)
	}
}

// TestMatchCounts: the counts of rules add up over all workers.
func TestMatchCounts(t *testing.T) {
	text := strings.Repeat(orderLine("a", `,"data":{"total":250}`)+"\n"+orderLine("b", `,"data":{"total":"x"}`)+"\n", 5000)
	m := &matching{matcher: matcherOf(t, matchRules), workers: 4}
	if _, err := m.run(t.Context(), strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range m.ruleTallies() {
		got[r.Rule.Name] = fmt.Sprint(r.Matched, r.Errors)
	}
	if got["all"] != "10000 0" || got["large"] != "5000 5000" || got["twelve"] != "0 0" {
		t.Errorf("%v", got)
	}
}

// TestMatchAsItComes: a pipe's line is answered before the next is written.
func TestMatchAsItComes(t *testing.T) {
	in, inEnd := io.Pipe()
	outEnd, out := io.Pipe()
	m := &matching{matcher: matcherOf(t, matchRulesPlain), out: out}
	ended := make(chan error, 1)
	go func() {
		_, err := m.run(t.Context(), in)
		out.Close()
		ended <- err
	}()
	answers := json.NewDecoder(outEnd)
	for i := range 5 {
		fmt.Fprintln(inEnd, orderLine(fmt.Sprint(i), ""))
		var a answered
		if err := answers.Decode(&a); err != nil || a.ID != fmt.Sprint(i) {
			t.Fatal(a, err)
		}
	}
	// Also one that comes together with the end of a line that is too long.
	fmt.Fprintln(inEnd, strings.Repeat("z", 2*longestLine)+"\n"+orderLine("after", ""))
	for _, want := range []string{"", "after"} {
		var a answered
		if err := answers.Decode(&a); err != nil || a.ID != want {
			t.Fatal(a, err)
		}
	}
	inEnd.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// TestMatchInterrupted: a run ends while it waits for input, and what it wrote
// is whole.
func TestMatchInterrupted(t *testing.T) {
	in, inEnd := io.Pipe()
	defer inEnd.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	var out bytes.Buffer
	answered := make(chan struct{})
	m := &matching{matcher: matcherOf(t, matchRulesPlain), out: &out, workers: 3}
	m.after = func(matchTally) { close(answered) }
	go func() {
		fmt.Fprint(inEnd, orderLine("1", "")+"\n"+orderLine("2", "")+"\n"+orderLine("3", "")[:20])
		<-answered
		// Until all parts but the reader's are back: no worker has one.
		for len(m.used) < cap(m.used)-1 {
			runtime.Gosched()
		}
		interrupt()
	}()
	tally, err := m.run(ctx, in)
	if !errors.Is(err, errInterrupted) || tally.Lines != 2 || len(answersIn(t, out.String())) != 2 {
		t.Errorf("%v, %+v, %q", err, tally, out.String())
	}
}

// TestMatchInterruptedAtWork: a run ends in the middle of its input, without a
// gap in what it wrote.
func TestMatchInterruptedAtWork(t *testing.T) {
	text := strings.Repeat(orderLine("a", "")+"\n", 50_000)
	for at := range 8 {
		ctx, interrupt := context.WithCancel(t.Context())
		var out bytes.Buffer
		m := &matching{matcher: matcherOf(t, matchRulesPlain), out: &out, workers: 4}
		m.after = func(n matchTally) {
			if n.Lines > at*3000 {
				interrupt()
			}
		}
		tally, err := m.run(ctx, strings.NewReader(text))
		got := answersIn(t, out.String())
		if !errors.Is(err, errInterrupted) || tally.Lines == 50_000 || len(got) != tally.Lines || got[len(got)-1].N != len(got) {
			t.Errorf("%v, %+v, %d answers", err, tally, len(got))
		}
	}
}

// TestMatchWriteFails: a run ends when nobody takes its answers.
func TestMatchWriteFails(t *testing.T) {
	text := strings.Repeat(orderLine("a", "")+"\n", 20_000)
	full := errors.New("no space")
	m := &matching{matcher: matcherOf(t, matchRulesPlain), out: failingWriter{full}, workers: 4}
	tally, err := m.run(t.Context(), strings.NewReader(text))
	if !errors.Is(err, full) || tally.Lines != 0 {
		t.Errorf("%v, %+v", err, tally)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// TestMatchReadFails: what came before a failure is answered.
func TestMatchReadFails(t *testing.T) {
	broken := errors.New("the disk is broken")
	from := io.MultiReader(strings.NewReader(orderLine("1", "")+"\n"+orderLine("2", "")+"\n"), iotest.ErrReader(broken))
	var out bytes.Buffer
	m := &matching{matcher: matcherOf(t, matchRulesPlain), name: "events.jsonl", out: &out}
	tally, err := m.run(t.Context(), from)
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "events.jsonl: it cannot be read after 2 events: ") || tally.Lines != 2 {
		t.Errorf("%v, %+v", err, tally)
	}
}

func TestAppendText(t *testing.T) {
	for _, s := range []string{"", "plain", `"quoted" \ back`, "line\nbreak\x00\x1f", "Jörg 😀 \u2028", "bad \xff\xc3", "\xff", "<&>"} {
		var got string
		if err := json.Unmarshal(appendText(nil, s), &got); err != nil || got != strings.ToValidUTF8(s, "\uFFFD") && !strings.Contains(s, "\xff") {
			t.Errorf("%q: %s, %v", s, appendText(nil, s), err)
		}
	}
	if got := string(appendText([]byte("x"), "a\xffb\xffc")); got != "x\"a\uFFFDb\uFFFDc\"" {
		t.Errorf("%q", got)
	}
}

func BenchmarkMatchLines(b *testing.B) {
	_, m, _ := rules.LoadSources(rules.Source{Name: "r.yaml", Text: []byte(matchRulesPlain)})
	const lines = 2000
	text := strings.Repeat(orderLine("9f1c2b7e-4a53-4d5e", `,"data":{"total":250,"note":"`+strings.Repeat("leave at the door ", 30)+`"}`)+"\n", lines)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		run := &matching{matcher: m, out: io.Discard, workers: 1}
		if _, err := run.run(b.Context(), strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(lines*b.N)/b.Elapsed().Seconds(), "lines/s")
}
