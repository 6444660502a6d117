package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// genEvent is a generated event; its data is a tree.
type genEvent struct {
	cloudevent.Event
	data *tree // nil: as Event.Data says
}

// made is the event as it is matched.
func (e genEvent) made() *cloudevent.Event {
	ev := e.Event
	if e.data != nil {
		ev.Data = []byte(e.data.String())
	}
	return &ev
}

// event makes an event with the names and values of the world.
func (w *world) event() genEvent {
	e := genEvent{Event: cloudevent.Event{
		ID: pick(w, words("1 2 a")), Source: pick(w, words("/shop /shop/eu urn:x")), Type: pick(w, w.types),
		Subject:         pick(w, []string{"", "", "order/1", "order/2", "1", "a"}),
		DataContentType: pick(w, []string{"", "application/json", "application/json", "application/json; charset=utf-8", "application/vnd.x+json"}),
		DataSchema:      pick(w, []string{"", "", "urn:x"}),
	}}
	if w.chance(5) {
		e.Type = pick(w, append([]string{"a.", ".a", ".", "com.example.", "com..order.placed", "com.example.order.", "A.b"}, someTypes...))
	}
	if w.chance(70) {
		e.Time = pick(w, times[:4])
	}
	w.addExtensions(&e.Event)
	for _, name := range words("x x-count x-env") {
		if w.chance(50) {
			e.Headers = append(e.Headers, cloudevent.Header{Name: name, Value: pick(w, append([]string{"5", "1"}, w.texts...))})
		}
	}
	w.addData(&e)
	return e
}

func (w *world) addExtensions(ev *cloudevent.Event) {
	if w.chance(40) {
		ev.Extensions = append(ev.Extensions, cloudevent.Extension{Name: "flag", Value: pick(w, []any{true, true, false, "true", int32(1)})})
	}
	if w.chance(40) {
		ev.Extensions = append(ev.Extensions, cloudevent.Extension{Name: "partitionkey", Value: w.text()})
	}
	if w.chance(40) {
		ev.Extensions = append(ev.Extensions, cloudevent.Extension{Name: "sampledrate", Value: pick(w, []any{int32(1), int32(5), int32(-1), int32(0), "5"})})
	}
	if w.chance(20) {
		ev.Extensions = append(ev.Extensions, cloudevent.Extension{Name: "sorce", Value: "a"})
	}
}

// addData is mostly an object, and now and then everything else that data can
// be, and what ingest would not let in.
func (w *world) addData(e *genEvent) {
	switch w.IntN(40) {
	case 0:
		e.DataContentType = pick(w, []string{"", "application/json", "text/plain"})
	case 1:
		e.DataContentType, e.Data = pick(w, words("text/plain application/xml TEXT/csv")), []byte(w.text())
	case 2:
		e.DataContentType, e.Data = pick(w, words("application/octet-stream text/plain image/png")), []byte(w.text()+"\xff")
	case 3:
		e.data = w.value(kind(w.IntN(int(kinds))), nil)
	case 4:
		e.DataContentType = "application/json"
		e.data = w.malformed()
	default:
		e.data = w.object(w.fields)
		if w.chance(10) {
			e.data = wrap(" \n\t", "\r\n", e.data)
		}
	}
}

// object has the fields of the world, some of them missing, of another kind or
// twice, and some more.
func (w *world) object(fields []*field) *tree {
	var members []*tree
	for _, f := range fields {
		if w.chance(14) {
			continue
		}
		if w.chance(10) { // twice: the last counts
			first := w.anyValue(f)
			if w.chance(60) {
				first = w.value(f.kind, f.parts)
			}
			members = append(members, w.member(f.name, first))
		}
		members = append(members, w.member(f.name, w.fieldValue(f)))
	}
	for range w.IntN(8) / 5 {
		members = append(members, w.member(pick(w, fieldNames), w.anyValue(nil)))
	}
	if w.chance(30) {
		w.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	}
	if w.chance(1) {
		members = append(members, w.many()...)
	}
	t := wrap("{", "}", members...)
	t.between = pick(w, []string{",", ",", ", ", "\n,\t"})
	return t
}

// many are more members than are looked through one by one.
func (w *world) many() []*tree {
	var all []*tree
	for i := range 20 {
		all = append(all, w.member(fmt.Sprint("k", i), leaf(fmt.Sprint(i))))
	}
	return append(all, w.member(pick(w, fieldNames), w.anyValue(nil)))
}

func (w *world) member(name string, value *tree) *tree {
	return infix(pick(w, []string{":", ":", ": ", " :\n "}), leaf(w.jsonText(name)), value)
}

func (w *world) fieldValue(f *field) *tree {
	if w.chance(12) {
		return w.anyValue(f)
	}
	return w.value(f.kind, f.parts)
}

// anyValue is a value of any kind; another object where f is one.
func (w *world) anyValue(f *field) *tree {
	if f != nil && len(f.parts) > 0 && w.chance(40) {
		return w.object(pickSome(w, f.parts, 1))
	}
	return w.value(kind(w.IntN(int(kinds))), nil)
}

func (w *world) value(k kind, parts []*field) *tree {
	switch k {
	case numberKind:
		n := pick(w, w.numbers)
		if w.chance(15) {
			n = pick(w, numbers)
		}
		return leaf(pick(w, n.spellings))
	case boolKind:
		return leaf(pick(w, words("true true false")))
	case nullKind:
		return leaf("null")
	case timeKind:
		return leaf(w.jsonText(pick(w, times)))
	case numbersKind, textsKind, objectsKind:
		return w.jsonList(k, parts)
	case objectKind:
		return w.object(parts)
	}
	return leaf(w.jsonText(w.text()))
}

func (w *world) jsonList(k kind, parts []*field) *tree {
	n := w.IntN(4)
	if w.chance(1) {
		n = 40
	}
	var elements []*tree
	for range n {
		switch {
		case w.chance(6):
			elements = append(elements, w.value(kind(w.IntN(int(objectsKind))), nil))
		case k == objectsKind:
			elements = append(elements, w.object(parts))
		default:
			elements = append(elements, w.value(k-numbersKind, nil))
		}
	}
	t := wrap("[", "]", elements...)
	t.between = pick(w, []string{",", " , "})
	return t
}

// jsonText is a text as JSON, with escapes that need not be and texts that are
// not what they seem.
func (w *world) jsonText(s string) string {
	if w.chance(2) {
		return pick(w, []string{`"\ud800"`, `"\ud800a"`, `"\udc00\ud800"`, `"\ud83d\ude00"`, "\"\xff\"", "\"a\xc3\"", `"\u0061"`, "\"\xed\xa0\x80\"", `"\/"`})
	}
	var b strings.Builder
	b.WriteByte('"')
	escapes := 0
	if w.chance(10) {
		escapes = 40
	}
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '/' && w.chance(escapes):
			b.WriteString(`\/`)
		case r < ' ' || r < 0x10000 && w.chance(escapes):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

// malformed is nearly JSON: the fault is at the end, at the beginning or
// somewhere in between.
func (w *world) malformed() *tree {
	good := w.object(w.fields)
	switch w.IntN(5) {
	case 0:
		return wrap("", pick(w, words("} x ,1 {} \x00")), good)
	case 1:
		return good.with(append(slices.Clone(good.parts), leaf(pick(w, []string{``, `"a"`, `"a":`, `"a":tru`, `a:1`, `"b":01`, "\"c\":\"\n\"", `"a":"\x"`, `"a":[1,]`, `"a":.5`}))))
	case 2:
		return &tree{before: good.before, between: good.between, parts: good.parts}
	case 3:
		return wrap(pick(w, words("{ , \ufeff -")), "", good)
	}
	text := good.String()
	return leaf(text[:w.IntN(len(text))])
}
