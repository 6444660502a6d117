package routertest

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/wye-events/wye/router/api"
)

// WriteRules replaces the rule file without loading it.
func (p *Process) WriteRules(text string) {
	p.t.Helper()
	if err := os.WriteFile(p.rules, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// Reload replaces the rule file and has it loaded; the rules must be good.
func (p *Process) Reload(text string) {
	p.t.Helper()
	if status := p.TryReload(text); status != http.StatusOK {
		p.t.Fatal("the rules were refused: ", status)
	}
}

// TryReload replaces the rule file, has it loaded, and gives the status of the
// answer.
func (p *Process) TryReload(text string) int {
	p.t.Helper()
	p.WriteRules(text)
	return p.Look()
}

// Look lets the process look at the source of its rules, and gives the status of
// the answer.
func (p *Process) Look() int {
	p.t.Helper()
	res, err := client.Post("http://"+p.admin+"/-/reload", "", nil)
	if err != nil {
		p.t.Fatal("reload the rules: ", err)
	}
	res.Body.Close()
	return res.StatusCode
}

// Past is what /api/v1/events says of one.
func (p *Process) Past(seq uint64) (doc api.EventDoc) {
	p.t.Helper()
	p.ask(fmt.Sprint("/api/v1/events/", seq), &doc)
	return doc
}

// PostAdmin posts JSON to a path of the admin interface, and gives the answer.
func (p *Process) PostAdmin(path, body string) (status int, answer []byte) {
	p.t.Helper()
	res, err := client.Post("http://"+p.admin+path, "application/json", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(path, ": ", err)
	}
	defer res.Body.Close()
	if answer, err = io.ReadAll(res.Body); err != nil {
		p.t.Fatal(path, ": ", err)
	}
	return res.StatusCode, answer
}
