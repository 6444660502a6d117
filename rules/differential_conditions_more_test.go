package rules

// attribute is a test of a standard attribute.
func (w *world) attribute() *tree {
	name := leaf("event." + pick(w, words("id source type type subject subject datacontenttype dataschema specversion")))
	switch w.IntN(6) {
	case 0:
		return w.textTestOf(name)
	case 1:
		return w.negated(wrap("has(", ")", name))
	case 2:
		return infix(" in ", name, wrap("[", "]", w.attributeText(), w.attributeText()))
	case 3:
		return infix(" "+pick(w, orders)+" ", name, w.attributeText())
	}
	return w.sides(pick(w, words("== == !=")), name, w.attributeText())
}

func (w *world) attributeText() *tree {
	all := append([]string{"1", "/shop", "order/1", "application/json", "1.0", "urn:x"}, w.types...)
	for i := range all {
		all[i] = w.quoted(all[i])
	}
	return w.choice(all)
}

// extension is a test of an attribute that the specification does not name.
func (w *world) extension() *tree {
	name := leaf(pick(w, words("event.flag event.partitionkey event.sampledrate event.tenant event.other dyn(event).sorce dyn(event).flag dyn(event).subject")))
	switch w.IntN(5) {
	case 0:
		return w.negated(wrap("has(", ")", name))
	case 1:
		return w.negated(name)
	case 2:
		return infix(" "+pick(w, orders)+" ", name, w.literal(numberKind))
	case 3:
		return infix(" in ", name, wrap("[", "]", leaf(`"a"`), leaf("true"), w.literal(numberKind)))
	}
	return w.sides("==", name, w.literal(pick(w, []kind{textKind, boolKind, numberKind})))
}

func (w *world) header() *tree {
	name := pick(w, words("x-env x-count x-none x"))
	value := leaf("headers[" + w.quoted(name) + "]")
	if name == "x" {
		value = leaf("headers.x")
	}
	switch w.IntN(5) {
	case 0:
		return w.negated(wrap("(", ")", infix(" in ", leaf(w.quoted(name)), leaf("headers"))))
	case 1:
		return w.textTestOf(value)
	case 2:
		return leaf(pick(w, []string{"size(headers) > 1", "headers.exists(k, k == 'x')", "has(headers.x)", "!has(headers.x)", "int(headers['x-count']) > 3"}))
	}
	return w.sides(pick(w, words("== == !=")), value, w.literal(textKind))
}

func (w *world) timeTest() *tree {
	value := leaf("event.time")
	if w.chance(30) {
		value = wrap("timestamp(", ")", w.fieldOf(timeKind))
	}
	switch w.IntN(4) {
	case 0:
		part := pick(w, words("getFullYear getMonth getDate getDayOfWeek getHours getMinutes getMilliseconds"))
		return infix(" == ", &tree{after: "." + part + "()", parts: []*tree{value}}, w.choice(words("0 1 12 30 31 2026")))
	case 1:
		return w.negated(leaf("has(event.time)"))
	case 2:
		length := wrap("duration(", ")", leaf(w.quoted(pick(w, words("0s 1h -1h 90s 1ns 8760h")))))
		if w.chance(50) {
			return w.sides(pick(w, orders), wrap("(", ")", infix(" - ", value, w.instant())), length)
		}
		return w.sides(pick(w, orders), wrap("(", ")", infix(" + ", value, length)), w.instant())
	}
	return w.sides(pick(w, append(orders, "==", "!=")), value, w.instant())
}

func (w *world) instant() *tree {
	if w.chance(25) {
		return wrap("timestamp(", ")", w.fieldOf(timeKind))
	}
	return wrap("timestamp(", ")", leaf(w.quoted(pick(w, times))))
}

// loop is a macro over a field: over the elements of a list or the names of an
// object.
func (w *world) loop() *tree {
	value := w.fieldOf(numbersKind, textsKind, objectsKind, objectsKind, objectKind)
	about := w.elementTest("i")
	switch w.IntN(8) {
	case 0:
		return infix(" > ", &tree{before: "size(", between: ".filter(i, ", after: "))", parts: []*tree{value, about}}, w.choice(words("0 1 2")))
	case 1:
		return w.sides("==", &tree{between: ".map(i, ", after: ")", parts: []*tree{value, w.element("i")}}, w.list(pick(w, []kind{numberKind, textKind})))
	case 2:
		return w.sides("in", w.literal(numberKind), &tree{between: ".map(i, ", after: ")", parts: []*tree{value, w.element("i")}})
	}
	macro := pick(w, []string{".exists(i, ", ".exists(i, ", ".exists(i, ", ".all(i, ", ".all(i, ", ".exists_one(i, "})
	return w.negated(&tree{between: macro, after: ")", parts: []*tree{value, about}})
}

// element is something of an element: itself, mostly a field of it.
func (w *world) element(variable string) *tree {
	if w.chance(30) {
		return leaf(variable)
	}
	text := variable
	for _, name := range w.partNames() {
		text += w.step(name)
	}
	return leaf(text)
}

// partNames lead to a field of the objects in lists.
func (w *world) partNames() []string {
	for range 10 {
		p := pick(w, w.paths)
		if p.field.kind != objectsKind || len(p.field.parts) == 0 {
			continue
		}
		part := pick(w, p.field.parts)
		if len(part.parts) > 0 && w.chance(60) {
			return []string{part.name, pick(w, part.parts).name}
		}
		return []string{part.name}
	}
	return []string{pick(w, fieldNames)}
}

func (w *world) elementTest(variable string) *tree {
	e := w.element(variable)
	k := pick(w, []kind{numberKind, textKind, textKind, boolKind})
	switch w.IntN(10) {
	case 0:
		return infix(" in ", e, w.list(k))
	case 1:
		return infix(" "+pick(w, orders)+" ", e, w.literal(k))
	case 2:
		return w.textTestOf(e)
	case 3:
		return w.negated(leaf("has(" + variable + "." + pick(w, words("a b sku total")) + ")"))
	case 4:
		f, _ := w.field()
		return infix(" == ", e, f)
	case 5:
		return w.several(pick(w, []string{" && ", " || "}), 1)
	case 6:
		return infix(pick(w, []string{" && ", " || "}), infix(" == ", e, w.literal(k)), infix(" != ", w.element(variable), w.literal(k)))
	}
	return w.sides(pick(w, words("== == == !=")), e, w.literal(k))
}

func (w *world) nestedLoop() *tree {
	inner := &tree{between: pick(w, []string{".exists(j, ", ".all(j, "}), after: ")", parts: []*tree{w.element("i"), w.elementTest("j")}}
	if w.chance(50) {
		inner.parts = []*tree{w.fieldOf(numbersKind, textsKind), infix(" == ", leaf("i"), leaf("j"))}
	}
	return &tree{between: pick(w, []string{".exists(i, ", ".all(i, ", ".exists_one(i, "}), after: ")",
		parts: []*tree{w.fieldOf(numbersKind, textsKind, objectsKind), inner}}
}

// wholeData is a test of the data itself, which need not be an object.
func (w *world) wholeData() *tree {
	data := leaf("event.data")
	switch w.IntN(8) {
	case 0:
		return w.negated(leaf("has(event.data)"))
	case 1:
		return infix(" > ", wrap("size(", ")", data), w.choice(words("0 1 3")))
	case 2:
		return infix(" in ", w.literal(textKind), data)
	case 3:
		return leaf("event.data" + pick(w, indexes) + " == 1")
	case 4:
		return infix(" == ", data, leaf(`b`+w.quoted(w.text())))
	case 5:
		return w.textTestOf(data)
	case 6:
		return &tree{between: ".exists(i, ", after: ")", parts: []*tree{data, w.elementTest("i")}}
	}
	return w.sides(pick(w, words("== !=")), data, w.literal(kind(w.IntN(int(kinds)))))
}
