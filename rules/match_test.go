package rules

import (
	"testing"

	"github.com/wye-events/wye/schemas/cloudevent"
)

func TestSmoke(t *testing.T) {
	_, m, ps := LoadSources(Source{"r.yaml", []byte(`version: 1
targets:
  q: {queue: {name: q}}
rules:
  a:
    on: a.b
    when: event.data.x > 100 && event.source.startsWith("/")
    to: q
  b:
    on: a.*
    when: event.data.items.exists(i, i.n == 2.0) && headers["x-a"] == "1"
    to: [q]
`)})
	for _, p := range ps {
		t.Log(p.text(false))
	}
	if m == nil {
		t.Fatal()
	}
	got := m.Match(&cloudevent.Event{ID: "1", Source: "/s", Type: "a.b", DataContentType: "application/json", Data: []byte(`{"x":100.5,"items":[{"n":1},{"n":2}]}`), Headers: []cloudevent.Header{{Name: "x-a", Value: "1"}}}, nil)
	for _, g := range got {
		t.Log(g.Rule.Name, g.Err)
	}
	if len(got) != 2 {
		t.Fatal(len(got))
	}
}
