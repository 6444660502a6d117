package rules

import (
	"regexp"
	"strings"
)

// newAtom is a condition without && and ||. What people write most comes most.
func (w *world) newAtom() *tree {
	all := w.atomKinds()
	sum := 0
	for _, a := range all {
		sum += a.weight
	}
	at := w.IntN(sum)
	for _, a := range all {
		if at -= a.weight; at < 0 {
			return a.make()
		}
	}
	return leaf("true")
}

type atomKind struct {
	weight int
	make   func() *tree
}

func (w *world) atomKinds() []atomKind {
	return []atomKind{
		{20, w.equal}, {10, w.ordered}, {8, w.inList}, {6, w.textTest}, {7, w.presence}, {5, w.truth}, {4, w.inField},
		{6, w.attribute}, {3, w.extension}, {3, w.header}, {3, w.timeTest},
		{6, w.loop}, {3, w.nestedLoop}, {3, w.sized}, {3, w.twoFields}, {4, w.arithmetic}, {2, w.converted}, {2, w.typed},
		{2, w.wholeData}, {1, w.constant},
	}
}

var simpleName = regexp.MustCompile(`^[a-z]+$`)

// step is the way from a value to a field of it.
func (w *world) step(name string) string {
	if !simpleName.MatchString(name) || w.chance(8) {
		return "[" + w.quoted(name) + "]"
	}
	return "." + name
}

var indexes = []string{"[0]", "[0]", "[1]", "[2]", "[-1]", "[1000000]", "[0u]", "[1.0]", "[0.5]", `["0"]`, "[true]", "[9223372036854775807]"}

// place is a path as a condition writes it: sometimes of a field that is not
// there or is inside of something that has none. It ends in a dot and a name,
// as has() needs it, where selected.
func (w *world) place(p path, selected bool) *tree {
	text := "event.data"
	if w.chance(3) {
		text = "dyn(event).data"
	}
	names := p.names
	if w.chance(6) {
		names = names[:w.IntN(len(names)+1)]
	}
	for _, name := range names {
		text += w.step(name)
	}
	if p.field.kind >= numbersKind && p.field.kind <= objectsKind && w.chance(25) {
		text += pick(w, indexes)
	}
	for _, f := range p.field.parts {
		if w.chance(30) {
			text += w.step(f.name)
			break
		}
	}
	if w.chance(5) {
		text += w.step(pick(w, fieldNames))
	}
	if selected && !strings.HasSuffix(text, "a") {
		text = strings.TrimRight(text, "]") + pick(w, []string{".a", ".b", ".x", ".size"})
	}
	return leaf(text)
}

func (w *world) field() (*tree, kind) {
	p := pick(w, w.paths)
	return w.place(p, false), p.field.kind
}

// fieldOf is a field of one of some kinds, mostly.
func (w *world) fieldOf(wanted ...kind) *tree {
	for range 20 {
		p := pick(w, w.paths)
		for _, k := range wanted {
			if p.field.kind == k {
				return w.place(p, false)
			}
		}
	}
	f, _ := w.field()
	return f
}

// sides is a comparison with its operands either way round.
func (w *world) sides(operator string, l, r *tree) *tree {
	if w.chance(20) {
		l, r = r, l
	}
	return infix(" "+operator+" ", l, r)
}

var orders = []string{"<", "<=", ">", ">="}

func (w *world) equal() *tree {
	f, k := w.field()
	return w.sides(pick(w, []string{"==", "==", "==", "!="}), f, w.literal(k))
}

func (w *world) ordered() *tree {
	k := pick(w, []kind{numberKind, numberKind, textKind})
	return w.sides(pick(w, orders), w.fieldOf(k), w.literal(k))
}

func (w *world) inList() *tree {
	f, k := w.field()
	return infix(" in ", f, w.list(k))
}

func (w *world) inField() *tree {
	if w.chance(50) {
		return infix(" in ", leaf(w.quoted(pick(w, fieldNames))), w.fieldOf(objectKind))
	}
	k := pick(w, []kind{numberKind, textKind})
	return infix(" in ", w.literal(k), w.fieldOf(k+numbersKind))
}

func (w *world) textTest() *tree {
	return w.textTestOf(w.fieldOf(textKind))
}

func (w *world) textTestOf(value *tree) *tree {
	method := pick(w, []string{".startsWith(", ".endsWith(", ".contains(", ".matches("})
	argument := w.literal(textKind)
	if method == ".matches(" {
		argument = leaf(w.quoted(pick(w, somePatterns)))
	}
	return &tree{between: method, after: ")", parts: []*tree{value, argument}}
}

func (w *world) presence() *tree {
	return w.negated(wrap("has(", ")", w.place(pick(w, w.paths), !w.chance(80))))
}

func (w *world) negated(t *tree) *tree {
	if w.chance(30) {
		return wrap("!", "", t)
	}
	return t
}

func (w *world) truth() *tree {
	f := w.fieldOf(boolKind)
	if w.chance(30) {
		return w.sides(pick(w, []string{"==", "!="}), f, leaf(pick(w, []string{"true", "false"})))
	}
	return w.negated(f)
}

func (w *world) twoFields() *tree {
	f, k := w.field()
	return infix(" "+pick(w, append(orders, "==", "!=", "in"))+" ", f, w.fieldOf(k))
}

func (w *world) sized() *tree {
	size := wrap("size(", ")", w.fieldOf(textKind, textsKind, numbersKind, objectKind, objectsKind))
	if w.chance(40) {
		size = &tree{after: ".size()", parts: []*tree{w.fieldOf(textKind, textsKind, objectKind)}}
	}
	return w.sides(pick(w, append(orders, "==", "!=")), size, w.choice(words("0 1 2 3 3u 2.0 1.5")))
}

func (w *world) arithmetic() *tree {
	operator := pick(w, words("+ - * / %"))
	right := w.literal(numberKind)
	sum := wrap("(", ")", infix(" "+operator+" ", w.fieldOf(numberKind), right))
	switch w.IntN(6) {
	case 0:
		sum = wrap("-", "", w.fieldOf(numberKind))
	case 1:
		sum = wrap("(", ")", infix(" + ", w.fieldOf(textKind, textsKind), w.literal(textKind)))
	}
	return w.sides(pick(w, append(orders, "==", "!=")), sum, w.literal(numberKind))
}

func (w *world) converted() *tree {
	f, _ := w.field()
	switch w.IntN(4) {
	case 0:
		return infix(" == ", wrap("string(", ")", f), w.literal(textKind))
	case 1:
		return infix(" == ", wrap("bytes(", ")", w.fieldOf(textKind)), leaf("b"+w.quoted(w.text())))
	}
	conversion := pick(w, words("int( uint( double("))
	return w.sides(pick(w, append(orders, "==")), wrap(conversion, ")", f), w.literal(numberKind))
}

func (w *world) typed() *tree {
	f, _ := w.field()
	return infix(" == ", wrap("type(", ")", f), leaf(pick(w, words("int uint double string bool list map null_type bytes"))))
}

func (w *world) constant() *tree {
	return leaf(pick(w, []string{"true", "false", "1 == 1", "2 > 3", `"a" in ["a"]`, "1 / 0 == 1", "[1][0] == 1", "[1][5] == 1", "{}.exists(k, true)"}))
}
