package format

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/cel-go/common"
	"github.com/google/cel-go/parser"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/wye-events/wye/rules"
)

// hold holds the promises for a text.
func hold(t *testing.T, text []byte) {
	t.Helper()
	in := rules.Source{Name: "rules.yaml", Text: text}
	before, problems, err := read(in)
	if errors.Is(err, errUnknown) {
		t.Fatalf("it is not understood\n%s", text)
	}
	if err != nil {
		return
	}
	if len(problems) > 0 {
		if out, told, err := File(in); out != nil || err != nil || len(told) != len(problems) {
			t.Fatalf("what cannot be read is formatted: %q, %v, %v\n%s", out, told, err, text)
		}
		return
	}
	out := before.formatted()
	after, problems, err := read(rules.Source{Name: "rules.yaml", Text: out})
	if err != nil || len(problems) > 0 {
		t.Fatalf("what comes out cannot be read: %v, %v\n%s\n--- of\n%s", err, problems, out, text)
	}
	if a, b := before.comments(), after.comments(); !slices.Equal(a, b) {
		t.Fatalf("the comments are %q, and were %q\n%s\n--- of\n%s", b, a, out, text)
	}
	if !same(before, after) {
		t.Fatalf("it says something else\n%s\n--- of\n%s", out, text)
	}
	if again := after.formatted(); !bytes.Equal(out, again) {
		t.Fatalf("once\n%s\n--- twice\n%s\n--- of\n%s", out, again, text)
	}
	holdRules(t, text, out)
}

// holdRules holds that a text is loaded as it was before it was formatted.
func holdRules(t *testing.T, before, after []byte) {
	t.Helper()
	a, _, was := rules.LoadSources(rules.Source{Name: "rules.yaml", Text: before})
	b, _, is := rules.LoadSources(rules.Source{Name: "rules.yaml", Text: after})
	if (a == nil) != (b == nil) {
		t.Fatalf("problems: before %v, after %v\n%s\n--- of\n%s", was, is, after, before)
	}
	if a == nil {
		return
	}
	if !slices.EqualFunc(a.Targets, b.Targets, sameTarget) {
		t.Fatalf("the targets differ\n%s\n--- of\n%s", after, before)
	}
	if !slices.EqualFunc(a.Rules, b.Rules, sameRule) {
		t.Fatalf("the rules differ\n%s\n--- of\n%s", after, before)
	}
}

func sameTarget(a, b rules.Target) bool {
	if a.Order != nil && b.Order != nil && sameCEL(a.Order.By, b.Order.By) {
		order := *a.Order
		order.By = b.Order.By
		a.Order = &order
	}
	return a.Same(b)
}

func sameRule(a, b *rules.Rule) bool {
	other := *b
	other.Place = a.Place
	if sameCEL(a.When, b.When) {
		other.When = a.When
	}
	return a.Name == other.Name && a.Description == other.Description && a.When == other.When &&
		slices.Equal(a.On, other.On) && slices.Equal(a.To, other.To) && a.Enabled == other.Enabled && a.OnError == other.OnError
}

// sameCEL tells whether two expressions are the same to a parser of CEL.
func sameCEL(a, b string) bool { return a == b || unparsed(a) == unparsed(b) && unparsed(a) != "" }

func unparsed(text string) string {
	p, err := parser.NewParser(parser.Macros(parser.AllMacros...), parser.PopulateMacroCalls(true))
	if err != nil {
		panic(err)
	}
	tree, errs := p.Parse(common.NewTextSource(text))
	if len(errs.GetErrors()) > 0 {
		return ""
	}
	out, err := parser.Unparse(tree.Expr(), tree.SourceInfo())
	if err != nil {
		return ""
	}
	return out
}

// TestSame holds that what a formatter could spoil is seen.
func TestSame(t *testing.T) {
	const text = "version: 1\nrules:\n  a: # one\n    on: [x, \"1\"]\n    when: event.data.a == 1 // two\n    to: y\n"
	of := func(text string) *document {
		d, problems, err := read(rules.Source{Text: []byte(text)})
		if err != nil || len(problems) > 0 {
			t.Fatal(text, problems, err)
		}
		return d
	}
	for _, c := range []struct {
		from, to string
		same     bool
	}{
		{"event.data.a == 1 // two", "event.data.a==1   // two", true},
		{"a: # one\n    on: [x, \"1\"]", "a:\n    on: [x, '1'] # one", true},
		{" # one", "", false},
		{"# one", "# another", false},
		{" // two", "", false},
		{"== 1", "== 2", false},
		{"\"1\"", "1", false},
		{"[x, \"1\"]", "[\"1\", x]", false},
		{"to: y", "to: y\n    until: z", false},
		{"to: y", "to: [y]", false},
		{"  a:", "  b:", false},
		{"to: y", "from: y", false},
	} {
		if got := same(of(text), of(strings.Replace(text, c.from, c.to, 1))); got != c.same {
			t.Errorf("%q in the place of %q: %v", c.to, c.from, got)
		}
	}
}

// seeds are rule files of all kinds, good and bad.
func seeds(t testing.TB) (all [][]byte) {
	t.Helper()
	for _, pattern := range []string{"../../rules.yaml", "../../examples/*/*.yaml", "../testdata/problems/*.yaml"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no files, %v", pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, text)
		}
	}
	cases, err := txtar.ParseFile("testdata/cases.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range cases.Files {
		all = append(all, f.Data)
	}
	for _, s := range odd {
		all = append(all, []byte(s))
	}
	return all
}

func TestPromises(t *testing.T) {
	for _, text := range seeds(t) {
		hold(t, text)
	}
}

func FuzzFormat(f *testing.F) {
	for _, text := range seeds(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < 16<<10 {
			hold(t, text)
		}
	})
}

// odd are texts that are written as few are.
var odd = []string{
	"version: 1",
	"version: 1\r\ntargets:\r\n  a: {queue: {name: a}}\r\n",
	"\uFEFFversion: 1\ntargets: {a: {queue: {name: a}}} # all\n",
	"# a\n\n# b\n---\n# c\nversion: 1\n...\n# d\n",
	"%YAML 1.1\n--- # c\nversion: 1\n",
	"{version: 1, rules: {a: {to: x, on: y}}} # c\n",
	"{ # a\n  version: 1, # b\n  # c\n  targets: {} # d\n  # e\n} # f\n",
	"rules:\n  a:\n    to: x\n\n    # why\n    on: y # on\n    # below\n\n    when: event.data.a==1&&event.data.b==2\n# end\ntargets:\n  x: {queue: {name: x}}\nversion: 1\n",
	"# yaml-language-server: $schema=x\nrules: {}\nversion: 1\n",
	"# licence\n\n# yaml-language-server: $schema=x\n# about rules\nrules: {}\nversion: 1\n",
	"rules:\n  # nothing yet\ntargets:\n# here\n  # neither\nversion: 1\n",
	"version:\n  1\ntargets: # c\n  # d\n  x: # e\n    # f\n    queue: # g\n      {name: x} # h\n    # i\n  # j\n",
	"version: 1\nrules:\n    a:\n        on:\n        - x.y   # one\n        # between\n        - y.z   # two\n        # about to\n        to: [x,y]\n",
	"version: 1\nrules:\n  a:\n    on: [x, # one\n      y] # two\n    to: {a, b: }\n",
	"version: 1\nrules:\n  a: {on: x, to: [a: 1, \"b\":c, [d,e], {f}]}\n",
	"version: 1\nrules:\n  a:\n    description: |2+\n        two spaces\n\n      none  \n\n\n    on: x\n    to: y\n",
	"version: 1\nrules:\n  a:\n    description: |+ # keep\n      text\n\n\n  # b\n  b:\n    description: >-\n\n      folded\n        more\n      less\n",
	"version: 1\nrules:\n  a:\n    description: |\n      no end",
	"version: 1\nrules:\n  a:\n    description: |+\n      no end",
	"version: 1\nrules:\n  a:\n    description: |\n\n    on: |-\n\n    to: >+\n\n\n",
	"version: 1\nrules:\n  a:\n    description: one\n       two\n\n       three # c\n    on: \"one\n      two \\\n      \\ three\n\n      four\"\n    to: 'one\n\n      it''s'\n",
	"version: 1\nrules:\n  a:\n    description:\n      below\n    when:\n      event.data.aaaaaaaaaaaaaaaaaaaaaaaaaa == 1 && event.data.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb == 2\n",
	"version: 1\nrules:\n  a:\n    when: has(event.data.a)?event.data.b:event.data.c\n  b:\n    when: event.data.a=={'a':1}\n  c:\n    when: \"event.data.a=={'a':\\\"x\\\"}\"\n  d:\n    when: 'event.data.a==\"it''s\"'\n",
	"version: 1\nrules:\n  a:\n    when: |\n      event.data.a==1 && // one\n      // two\n      event.data.b.exists(x,\n      x>1   // three\n      )\n\n\n      || event.data.c\n",
	"version: 1\nrules:\n  a:\n    when: >\n      event.data.a == \"one\n      two\" && event.data.b\n  b:\n    when: >-\n      event.data.a // all of this\n      && event.data.b\n",
	"version: 1\nrules:\n  a:\n    when: event.data.a==1\n      && event.data.b\n\n      ||event.data.c   # why\n",
	"version: 1\nrules:\n  a:\n    when: |\n      event.data.a == \"\"\"\n       three\n      lines\"\"\"\n",
	"version: 1\nrules:\n  a:\n    when: event.data.a == -1 && !event.data.b && event.data.c - -1 > - 2 && [1,2 , ][0]==1 && -  event.data.d<0\n",
	"version: 1\ntests:\n- name: x\n  event: {a: [1,2], b: {c: d}}\n  # c\n- # d\n  # e\n  name: y\n- - a\n  - # f\n    - b\n-\n",
	"? version\n: 1\n? # c\n  targets # d\n: {}\n",
	"version: 1\ntargets: {\"a\":{queue: {name: a}},b: {queue: {name: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}}, c: {queue: {name: cccccccccccccccccccc}}}\n",
	"größe: ä # ü\nversion: 1   # ö\nb: \"\\u00e4\\\n  b\"\n",
	"a: \"x\ty\" \t# tab\nb:\t1\n",
	"- 1\n# c\n- a: 1\n  # d\n",
	"just a text\n", "\"quoted\n text\" # c\n", "|\n  block\n",
	"a: !!str 1\n", "a: &b 1\n", "a: b: c\n", "", "# only\n", "[a, b]: 1\n", "? |\n  a\n: 1\n", ": 1\n",
	"a: \"\u2028\"\n", "# \u0085 b: 1\n",
}
