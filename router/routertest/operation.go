package routertest

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

// Order posts an order to the admin interface, and gives the operation that it
// answers with.
func (p *Process) Order(path string, order any) (op router.Operation) {
	p.t.Helper()
	text, err := json.Marshal(order)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := client.Post("http://"+p.admin+path, "application/json", bytes.NewReader(text))
	if err != nil {
		p.t.Fatal("order ", path, ": ", err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&op); err != nil || res.StatusCode >= http.StatusBadRequest {
		p.t.Fatalf("order %s: %s, %v", path, res.Status, err)
	}
	return op
}

// Operation is what /api/v1/operations says of one.
func (p *Process) Operation(id string) (op router.Operation) {
	p.t.Helper()
	p.ask("/api/v1/operations/"+id, &op)
	return op
}

// DeadCount counts the dead letters.
func (p *Process) DeadCount() (n uint64) {
	p.t.Helper()
	var doc api.DeadCauses
	p.ask("/api/v1/dead/causes", &doc)
	for _, c := range doc.Causes {
		n += c.Count
	}
	return n
}
