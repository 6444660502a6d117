package cases

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/wye-events/wye/rules"
)

// payloads compares what targets get with what a case expects them to get.
func payloads(c *Case, o *outcome) (faults []Fault) {
	if len(c.Expect.Payload) == 0 {
		return nil
	}
	got, _ := decode(c.Event.AppendStructured(nil))
	for i, want := range c.Expect.Payload {
		to := namesOf(want.To)
		if want.To == nil && len(o.targets) == 0 {
			faults = append(faults, Fault{Kind: FaultNotDelivered, Key: "payload", Message: "no target gets the event, so none gets the expected payload"})
		}
		for _, target := range to {
			if !slices.Contains(o.targets, target) {
				faults = append(faults, Fault{Kind: FaultNotDelivered, Key: "payload", Target: target,
					Message: fmt.Sprintf("target %s should get a payload, and does not get the event", target)})
			}
		}
		if want.To == nil {
			to = o.targets
		}
		to = slices.DeleteFunc(slices.Clone(to), func(t string) bool { return !slices.Contains(o.targets, t) })
		faults = append(faults, payloadFaults(i, want, to, got)...)
	}
	return faults
}

// payloadFaults are the differences of one payload, told once for all targets
// that get the same.
func payloadFaults(number int, want rules.TestPayload, to []string, got map[string]any) (faults []Fault) {
	if len(to) == 0 {
		return nil
	}
	for _, d := range differences(nil, want.Members, got, true) {
		path := pathOf(d.steps)
		f := Fault{Kind: FaultPayload, Key: "payload", Path: path, Want: d.want, Got: d.got,
			Message: fmt.Sprintf("%s: expected %s, got %s", path, shown(d.want), shown(d.got)), payload: number, difference: d}
		if d.absent {
			f.Message = fmt.Sprintf("%s: expected %s, and it is not there", path, shown(d.want))
		}
		f.Target = strings.Join(to, ", ")
		faults = append(faults, f)
	}
	return faults
}

// difference is a value that is not as expected.
type difference struct {
	steps     []any // from the whole to it: names of members, numbers of elements
	want, got any
	absent    bool // there is none
}

// differences compares a value with what is expected of it: of an object the
// members that are named, all of anything else.
func differences(steps []any, want, got any, there bool) []difference {
	unlike := []difference{{steps, want, got, !there}}
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return unlike
		}
		var all []difference
		for _, name := range slices.Sorted(maps.Keys(want)) {
			value, there := object[name]
			if steps == nil && want[name] == nil && !there {
				continue // an attribute that is null is one that is not there
			}
			all = append(all, differences(below(steps, name), want[name], value, there)...)
		}
		return all
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return unlike
		}
		var all []difference
		for i := range want {
			all = append(all, differences(below(steps, i), want[i], list[i], true)...)
		}
		return all
	case json.Number:
		if number, ok := got.(json.Number); ok && sameNumber(want, number) {
			return nil
		}
	default:
		if there && got == want {
			return nil
		}
	}
	return unlike
}

func below(steps []any, step any) []any { return append(steps[:len(steps):len(steps)], step) }

// pathOf writes steps as people do: data.items[0].price.
func pathOf(steps []any) string {
	var b strings.Builder
	for _, step := range steps {
		name, isName := step.(string)
		switch {
		case !isName:
			fmt.Fprintf(&b, "[%d]", step)
		case strings.ContainsAny(name, `."[] `) || name == "":
			fmt.Fprintf(&b, "[%q]", name)
		case b.Len() > 0:
			b.WriteString("." + name)
		default:
			b.WriteString(name)
		}
	}
	return b.String()
}

// sameNumber compares numbers by their value. Of one with an exponent that nobody
// writes, only the text is looked at, which costs nothing.
func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	const longest = 400
	for _, n := range []json.Number{a, b} {
		_, exponent, _ := strings.Cut(strings.ToLower(string(n)), "e")
		if len(n) > longest || len(exponent) > 4 {
			return false
		}
	}
	x, ok1 := new(big.Rat).SetString(string(a))
	y, ok2 := new(big.Rat).SetString(string(b))
	return ok1 && ok2 && x.Cmp(y) == 0
}

// shown is a value in a line, cut where it is long.
func shown(v any) string {
	const limit = 120
	text := []rune(shownWhole(v))
	if len(text) > limit {
		return string(text[:limit-1]) + "…"
	}
	return string(text)
}

// shownWhole is a value as JSON, which is YAML too.
func shownWhole(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // of what was read from JSON or YAML, nothing is unknown to it
		panic("cases: " + err.Error())
	}
	return strings.TrimSpace(b.String())
}
