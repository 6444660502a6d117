package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
)

// genRule is a generated rule.
type genRule struct {
	name     string
	on       []string
	when     *tree       // nil: always
	program  cel.Program // of when, for the oracle; nil: not compiled yet
	onError  OnError
	disabled bool
}

const targetLine = "targets: {q: {queue: {name: q}}}\n"

// source is the rule file of generated rules, one rule a line.
func source(rules []genRule) Source {
	var b strings.Builder
	b.WriteString("version: 1\n" + targetLine + "rules:\n")
	for i := range rules {
		r := &rules[i]
		fmt.Fprintf(&b, "  %s: {on: %s, to: q", r.name, inQuotes(r.on))
		if r.when != nil {
			fmt.Fprintf(&b, ", when: %s", inQuotes(r.when.String()))
		}
		if r.onError != "" {
			fmt.Fprintf(&b, ", on_error: %s", r.onError)
		}
		if r.disabled {
			b.WriteString(", enabled: false")
		}
		b.WriteString("}\n")
	}
	return Source{"generated.yaml", []byte(b.String())}
}

// inQuotes is a value as JSON, which is YAML.
func inQuotes(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

// world is what the rules and events of one set have in common: some field
// names, numbers, texts and types, few enough that they meet.
type world struct {
	*rand.Rand
	fields  []*field // of the data
	paths   []path   // all fields, with those inside of them
	numbers []number
	texts   []string
	types   []string
	atoms   []*tree // conditions that several rules have
}

// A field has a kind that it mostly is of.
type field struct {
	name  string
	kind  kind
	parts []*field // of an object, or of the objects in a list
}

type kind int

const (
	numberKind kind = iota
	textKind
	boolKind
	nullKind
	timeKind
	numbersKind // a list
	textsKind
	objectsKind
	objectKind
	kinds
)

// path is where a field is: in the data, or below another.
type path struct {
	names []string
	field *field
}

var (
	fieldNames = []string{"a", "b", "c", "d", "total", "items", "status", "sku", "x", "type", "a b", "é", "$ref", "size", ""}
	someTypes  = []string{"com.example.order.placed", "com.example.order.paid", "com.example.order", "com.shop.order.placed", "a.b", "a"}
	typeGlobs  = []string{"com.example.order.*", "com.example.**", "**", "*", "a.*", "*.b", "com.*.order.p*", "com.*.**", "com.example.*d*.*aid"}
)

func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 0x77_79_65))}
	w.fields = w.someFields(3+w.IntN(3), 0)
	w.addPaths(nil, w.fields)
	w.numbers = pickSome(w, numbers, 4)
	w.texts = append(pickSome(w, nestedTexts, 3), pickSome(w, texts, 3)...)
	w.types = pickSome(w, someTypes, 3)
	for range 6 + w.IntN(12) {
		w.atoms = append(w.atoms, w.newAtom())
	}
	return w
}

func (w *world) someFields(n, depth int) []*field {
	var all []*field
	for _, name := range pickSome(w, fieldNames, n) {
		f := &field{name: name, kind: kind(w.IntN(int(kinds)))}
		if depth < 2 && w.chance(40) || f.kind >= objectsKind && depth > 2 {
			f.kind = objectKind
		}
		if f.kind >= objectsKind && depth < 3 {
			f.parts = w.someFields(1+w.IntN(4), depth+1)
		}
		all = append(all, f)
	}
	return all
}

func (w *world) addPaths(above []string, fields []*field) {
	for _, f := range fields {
		names := append(slices.Clone(above), f.name)
		w.paths = append(w.paths, path{names, f})
		if f.kind == objectKind {
			w.addPaths(names, f.parts)
		}
	}
}

// rules makes a set of rules that load.
func (w *world) rules(n int) []genRule {
	var all []genRule
	for i := range n {
		r := genRule{name: fmt.Sprintf("r%03d", (i*37)%1000), on: w.on(), disabled: w.chance(3)}
		if w.chance(97) {
			r.when, r.program = w.condition(all)
		}
		if w.chance(20) {
			r.onError = pick(w, []OnError{OnErrorSkip, OnErrorMatch, OnErrorDeadLetter})
		}
		all = append(all, r)
	}
	return all
}

// on is a list of types and globs, several of which may fit one event.
func (w *world) on() []string {
	if w.chance(30) {
		return []string{"**"}
	}
	all := pickSome(w, w.types, 1+w.IntN(3))
	if w.chance(35) {
		all = append(all, pickSome(w, typeGlobs, 1+w.IntN(2))...)
	}
	w.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// condition is one that loads: what the generator writes without thinking of
// CEL's types is tried again.
//
// Some are those of another rule with other constants.
func (w *world) condition(others []genRule) (*tree, cel.Program) {
	for {
		var c *tree
		if len(others) > 0 && w.chance(40) {
			c = pick(w, others).when
		}
		if c != nil {
			c = w.variant(c)
		} else {
			c = w.boolean(pick(w, []int{0, 1, 1, 1, 2, 2, 3}))
		}
		if p, err := oracleProgram(c.String()); err == nil {
			return c, p
		}
	}
}

// boolean is a condition of some depth.
func (w *world) boolean(depth int) *tree {
	if depth == 0 || w.chance(10) {
		return w.atom()
	}
	switch w.IntN(20) {
	case 0, 1, 2, 3, 4, 5, 6, 7:
		return w.several(" && ", depth)
	case 8, 9, 10, 11, 12, 13, 14:
		return w.several(" || ", depth)
	case 15, 16, 17:
		return wrap("!(", ")", w.boolean(depth-1))
	case 18:
		return infix(" == ", leaf(pick(w, []string{"true", "false"})), wrap("(", ")", w.boolean(depth-1)))
	}
	choice := infix(" : ", w.operand(depth-1), w.operand(depth-1))
	return wrap("(", ")", infix(" ? ", w.operand(depth-1), choice))
}

// several are two to four conditions with an operator between them.
func (w *world) several(operator string, depth int) *tree {
	var parts []*tree
	for range 2 + w.IntN(6)/3 {
		parts = append(parts, w.operand(depth-1))
	}
	return infix(operator, parts...)
}

// operand is mostly in parentheses where it has to be. Where it is not, it is
// still a condition, of another meaning.
func (w *world) operand(depth int) *tree {
	b := w.boolean(depth)
	if strings.TrimSpace(b.between) != "" && len(b.parts) > 1 && w.chance(85) {
		return wrap("(", ")", b)
	}
	return b
}

// atom is a condition without && and ||: often one that other rules have too.
func (w *world) atom() *tree {
	if w.chance(60) && len(w.atoms) > 0 {
		a := pick(w, w.atoms)
		if w.chance(30) {
			a = w.variant(a)
		}
		return a
	}
	return w.newAtom()
}

func (w *world) chance(percent int) bool { return w.IntN(100) < percent }

func pick[T any](w *world, all []T) T { return all[w.IntN(len(all))] }

// pickSome are n different ones, in any order.
func pickSome[T any](w *world, all []T, n int) []T {
	some := make([]T, 0, n)
	for _, i := range w.Perm(len(all))[:min(n, len(all))] {
		some = append(some, all[i])
	}
	return some
}
