package index

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// maker makes conditions and events over few fields and values, so that many of
// the conditions are true of an event, or nearly.
type maker struct{ *rand.Rand }

func (m maker) text() string {
	return []string{"", "a", "ab", "abc", "b", "ba", "é", "zzz"}[m.IntN(8)]
}

func (m maker) number() Num {
	switch m.IntN(5) {
	case 0:
		return Float(float64(m.IntN(40)) / 4)
	case 1:
		return Int(1<<53 + int64(m.IntN(3)))
	}
	return Int(int64(m.IntN(400) - 100))
}

func (m maker) value() Value {
	switch m.IntN(6) {
	case 0:
		return Value{Kind: Null}
	case 1:
		return Value{Kind: Bool, Bool: m.IntN(2) == 0}
	case 2, 3:
		return Value{Kind: Number, Num: m.number()}
	}
	return Value{Kind: String, Str: m.text()}
}

func (m maker) values() []Value {
	all := make([]Value, m.IntN(4))
	for i := range all {
		all[i] = m.value()
	}
	return all
}

var dataPaths = [][]string{{"a"}, {"b"}, {"c"}, {"o"}, {"o", "a"}, {"o", "b"}, {"o", "p", "q"}}

func (m maker) field() *Field {
	switch m.IntN(10) {
	case 0:
		return &Field{Root: Attribute, Name: []string{"type", "subject", "source"}[m.IntN(3)]}
	case 1:
		return &Field{Root: Extension, Name: []string{"x", "y"}[m.IntN(2)]}
	case 2:
		return &Field{Root: Header, Name: "h"}
	}
	return &Field{Root: Data, Path: dataPaths[m.IntN(len(dataPaths))]}
}

func (m maker) dataField() *Field {
	f := m.field()
	for f.Root != Data && f.Root != Extension {
		f = m.field()
	}
	return f
}

func (m maker) between() *Expr {
	e := &Expr{Op: Between, Field: m.dataField(), Values: []Value{{Kind: Number, Num: m.number()}, {Kind: Number, Num: m.number()}}}
	e.Flags = []Flags{HasLow, HasHigh, HasLow | HasHigh, HasLow | HasHigh}[m.IntN(4)] | Flags(m.IntN(4))*OpenLow
	if m.IntN(2) == 0 { // narrow
		e.Values[1].Num = Float(e.Values[0].Num.Main + float64(m.IntN(20)))
	}
	return e
}

func (m maker) test() *Expr {
	switch m.IntN(16) {
	case 0, 1, 2, 3:
		return &Expr{Op: Equal, Field: m.field(), Values: []Value{m.value()}}
	case 4:
		return &Expr{Op: Equal, Field: m.field(), Values: m.values()}
	case 5, 6, 7:
		return m.between()
	case 8:
		ops := []Op{HasPrefix, HasSuffix, Contains}
		return &Expr{Op: ops[m.IntN(3)], Field: m.field(), Values: []Value{{Kind: String, Str: m.text()}}}
	case 9:
		return &Expr{Op: TextOrder, Field: m.field(), Flags: []Flags{HasLow, HasHigh}[m.IntN(2)] | Flags(m.IntN(2))*(OpenLow|OpenHigh), Values: []Value{{Kind: String, Str: m.text()}}}
	case 10:
		return &Expr{Op: Exists, Field: m.dataField()}
	case 11:
		return &Expr{Op: IsTrue, Field: m.dataField()}
	case 12, 13:
		return &Expr{Op: SomeEqual, Field: &Field{Root: Data, Path: []string{"l"}}, Inner: [][]string{nil, {"a"}, {"o", "a"}}[m.IntN(3)], Values: m.values()}
	case 14:
		text := m.text()
		return &Expr{Op: Fits, Field: m.field(), Pattern: &Pattern{Key: text, Prefix: text, Fits: func(s string) (bool, bool) { return strings.HasPrefix(s, text) && len(s)%2 == 0, true }}}
	}
	e := &Expr{Op: Unknown}
	if m.IntN(2) == 0 {
		e.Field = m.dataField()
	}
	return e
}

func (m maker) condition(depth int) *Expr {
	switch n := m.IntN(12); {
	case n < 5 && depth > 0:
		return &Expr{Op: And, Kids: []*Expr{m.condition(depth - 1), m.condition(depth - 1)}}
	case n == 5 && depth > 0:
		return &Expr{Op: Or, Kids: []*Expr{m.condition(depth - 1), m.condition(depth - 1)}}
	case n == 6 && depth > 0:
		return &Expr{Op: Not, Kids: []*Expr{m.condition(depth - 1)}}
	case n == 7 && m.IntN(10) == 0:
		return &Expr{Op: Constant, Flags: Flags(m.IntN(2)) * NotTrue}
	}
	return m.test()
}

func (m maker) rule(id uint32) *Rule {
	r := &Rule{ID: id}
	if m.IntN(4) > 0 {
		r.When = m.condition(1 + m.IntN(3))
	}
	return r
}

func (m maker) json(depth int) string {
	switch n := m.IntN(12); {
	case n == 0:
		return "null"
	case n == 1:
		return []string{"true", "false"}[m.IntN(2)]
	case n < 5:
		return fmt.Sprint(m.IntN(400) - 100)
	case n == 5:
		return fmt.Sprintf("%g", float64(m.IntN(40))/4)
	case n == 6:
		return fmt.Sprint(1<<53 + m.IntN(3))
	case n == 7 && depth > 0:
		return "[" + m.json(depth-1) + "," + m.json(depth-1) + "]"
	case n == 8 && depth > 0:
		return m.object(depth - 1)
	}
	return fmt.Sprintf("%q", m.text())
}

func (m maker) object(depth int) string {
	var members []string
	for range m.IntN(5) {
		name := []string{"a", "b", "o", "p", "q", "other"}[m.IntN(6)]
		members = append(members, fmt.Sprintf("%q: %s", name, m.json(depth)))
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func (m maker) event() *cloudevent.Event {
	ev := &cloudevent.Event{ID: "1", Source: m.text() + "s", Type: m.text() + "t", DataContentType: "application/json"}
	if m.IntN(2) == 0 {
		ev.Subject = m.text()
	}
	if m.IntN(2) == 0 {
		ev.Extensions = append(ev.Extensions, cloudevent.Extension{Name: "x", Value: []any{"ab", true, int32(7)}[m.IntN(3)]})
	}
	if m.IntN(2) == 0 {
		ev.Headers = []cloudevent.Header{{Name: "h", Value: m.text()}}
	}
	switch m.IntN(20) {
	case 0:
	case 1:
		ev.Data = []byte(m.json(2))
	default:
		var list []string
		for range m.IntN(4) {
			list = append(list, m.json(2))
		}
		ev.Data = fmt.Appendf(nil, `{"a":%s,"b":%s,"o":%s,"l":[%s],"c":%s`, m.json(1), m.json(1), m.object(2), strings.Join(list, ","), m.json(1))
		for range m.IntN(3) {
			ev.Data = fmt.Appendf(ev.Data, `,%q:%s`, []string{"a", "o", "l", "d"}[m.IntN(4)], m.json(2))
		}
		ev.Data = append(ev.Data, '}')
	}
	return ev
}

// expected is what evaluating every rule by itself gives.
func expected(x *Index, rules map[uint32]*Rule, ev *cloudevent.Event) (hits []Hit) {
	f := &Finder{}
	f.begin(ev, x.slots, watch(x.slots))
	for id, r := range rules {
		t := isTrue
		if r.When != nil {
			t = f.eval(x.slots, r.When)
		}
		switch t {
		case isTrue:
			hits = append(hits, Hit{ID: id})
		case isFailed:
			hits = append(hits, Hit{ID: id, Failed: true})
		case isAsk:
			hits = append(hits, Hit{ID: id, Ask: true})
		}
	}
	return hits
}

// agree compares what an index finds with what its rules say. A rule about which
// somebody would have to be asked may be left out if no answer makes it true or
// fail.
func agree(t *testing.T, x *Index, rules map[uint32]*Rule, ev *cloudevent.Event, f *Finder) {
	t.Helper()
	hits, ok := x.Find(f, ev)
	if !ok {
		t.Fatalf("%s is not read", ev.Data)
	}
	found := map[uint32]Hit{}
	f.ev = ev
	for _, h := range hits {
		if _, twice := found[h.ID]; twice {
			t.Errorf("rule %d is found twice", h.ID)
		}
		found[h.ID] = h
	}
	for _, want := range expected(x, rules, ev) {
		got, ok := found[want.ID]
		if delete(found, want.ID); ok && got == want || !ok && want.Ask && hopeless(f, x, rules[want.ID].When) {
			continue
		}
		t.Fatalf("rule %d, %s\nevent %+v\ndata %s:\nfound    %+v, %v\nexpected %+v", want.ID, show(rules[want.ID].When), ev, ev.Data, got, ok, want)
	}
	for id, h := range found {
		t.Fatalf("rule %d, %s\nevent %+v\ndata %s:\nfound %+v, which it should not", id, show(rules[id].When), ev, ev.Data, h)
	}
}

// hopeless reports whether a condition is neither true nor fails, whatever is
// answered where it has to be asked.
func hopeless(f *Finder, x *Index, when *Expr) bool {
	m := maker{rand.New(rand.NewPCG(1, 1))}
	for range 200 {
		if t := f.guess(x, when, m); t == isTrue || t == isFailed {
			return false
		}
	}
	return true
}

// guess is eval with any answer to what has to be asked.
func (f *Finder) guess(x *Index, e *Expr, m maker) truth {
	switch e.Op {
	case And, Or:
		t := truthOf(e.Op == And)
		for _, k := range e.Kids {
			if next := f.guess(x, k, m); e.Op == And {
				t = t.and(next)
			} else {
				t = t.or(next)
			}
		}
		return t
	case Not:
		return f.guess(x, e.Kids[0], m).not()
	}
	t := f.eval(x.slots, e)
	if t == isAsk {
		t = truth(m.IntN(int(isAsk)))
	}
	return t
}

func show(e *Expr) string {
	if e == nil {
		return "nil"
	}
	s := fmt.Sprintf("%d/%d", e.Op, e.Flags)
	if e.Field != nil {
		s += fmt.Sprintf(" %v", *e.Field)
	}
	for _, v := range e.Values {
		s += fmt.Sprintf(" %v", v)
	}
	for _, k := range e.Kids {
		s += " (" + show(k) + ")"
	}
	return s
}

func treeOf(rules map[uint32]*Rule) func(uint32, string) *Rule {
	return func(id uint32, _ string) *Rule { return rules[id] }
}

// TestFind: an index finds what evaluating all rules finds, for small sets and
// for large ones, which are split by several fields.
func TestFind(t *testing.T) {
	for seed, size := range []int{1, 2, 5, 9, 20, 20, 50, 50, 200, 200, 1000, 3000} {
		t.Run(fmt.Sprintf("%d-%d", seed, size), func(t *testing.T) {
			m := maker{rand.New(rand.NewPCG(uint64(seed), 1))}
			rules := map[uint32]*Rule{}
			var list []*Rule
			for i := range size {
				list = append(list, m.rule(uint32(i)))
				rules[uint32(i)] = list[i]
			}
			x := New(slices.Values(list), treeOf(rules))
			var f Finder
			for range 60 {
				agree(t, x, rules, m.event(), &f)
			}
		})
	}
}

// TestFindRanges is about sets of rules with ranges of one field alone.
func TestFindRanges(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(1, 2))}
	rules := map[uint32]*Rule{}
	var list []*Rule
	for i := range 3000 {
		e := m.between()
		e.Field = &Field{Root: Data, Path: []string{"a"}}
		list = append(list, &Rule{ID: uint32(i), When: e})
		rules[uint32(i)] = list[i]
	}
	x := New(slices.Values(list), treeOf(rules))
	var f Finder
	for range 100 {
		ev := m.event()
		ev.Data = fmt.Appendf(nil, `{"a":%s}`, m.json(0))
		agree(t, x, rules, ev, &f)
		if found := len(f.hits); f.Looked > 2*found+20 && len(f.odd) == 0 {
			t.Fatalf("looked at %d rules to find %d", f.Looked, found)
		}
	}
}

// TestFindManyFields: with a field of its own for every rule, only the fields of
// the event count.
func TestFindManyFields(t *testing.T) {
	rules := map[uint32]*Rule{}
	var list []*Rule
	for i := range 2000 {
		f := &Field{Root: Data, Path: []string{"o", fmt.Sprint("f", i)}}
		list = append(list, &Rule{ID: uint32(i), When: &Expr{Op: Equal, Field: f, Values: []Value{{Kind: Number, Num: Int(int64(i % 7))}}}})
		rules[uint32(i)] = list[i]
	}
	x := New(slices.Values(list), treeOf(rules))
	var f Finder
	for i := range 50 {
		i *= 39
		ev := &cloudevent.Event{Type: "t", DataContentType: "application/json"}
		ev.Data = fmt.Appendf(nil, `{"o":{"f%d":%d,"f%d":3},"o":{"f%d":%d,"f%d":3}}`, i/2, i%7, i, i, i%7, i/3)
		agree(t, x, rules, ev, &f)
		if f.Looked > 20 {
			t.Fatalf("looked at %d rules", f.Looked)
		}
	}
}

// TestWith: an index that was changed finds what one finds that was built anew.
func TestWith(t *testing.T) {
	for seed := range uint64(8) {
		m := maker{rand.New(rand.NewPCG(seed, 3))}
		rules := map[uint32]*Rule{}
		var list []*Rule
		next := uint32(0)
		for ; next < 50; next++ {
			list = append(list, m.rule(next))
			rules[next] = list[next]
		}
		x := New(slices.Values(list), treeOf(rules))
		var f Finder
		for range 30 {
			var added []*Rule
			var removed []uint32
			for id := range rules {
				if m.IntN(20) == 0 {
					removed = append(removed, id)
				}
			}
			for _, id := range removed {
				delete(rules, id)
			}
			for range m.IntN(5) {
				added = append(added, m.rule(next))
				rules[next] = added[len(added)-1]
				next++
			}
			x = x.With(added, removed, treeOf(rules))
			for range 20 {
				agree(t, x, rules, m.event(), &f)
			}
		}
	}
}
