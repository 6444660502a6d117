package api_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/routertest"
)

// TestSchema holds that what is served is the file that editors are given in the
// project, byte for byte, and that it is sent once to whoever has it.
func TestSchema(t *testing.T) {
	w := routertest.Start(t, rules)
	s := httptest.NewServer(api.Admin(w.Router, prometheus.NewRegistry()))
	t.Cleanup(s.Close)

	for path, file := range map[string]string{
		"/api/v1/schema":       "../../schemas/rules.schema.json",
		"/api/v1/schema/rules": "../../schemas/rules.schema.json",
		"/api/v1/schema/tests": "../../schemas/tests.schema.json",
	} {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := send(t, request(t, http.MethodGet, s.URL+path, "", ""))
		if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/schema+json" || !bytes.Equal([]byte(got.body), want) {
			t.Errorf("%s: status %d, %q, %d bytes; want %s, %d bytes", path, got.status, got.header.Get("Content-Type"), len(got.body), file, len(want))
		}
		tag := got.header.Get("ETag")
		again := send(t, request(t, http.MethodGet, s.URL+path, "", "", "If-None-Match", tag))
		if tag == "" || again.status != http.StatusNotModified || again.body != "" {
			t.Errorf("%s: with its ETag %s: status %d and %d bytes", path, tag, again.status, len(again.body))
		}
		if other := send(t, request(t, http.MethodGet, s.URL+path, "", "", "If-None-Match", `"other"`)); other.status != http.StatusOK {
			t.Errorf("%s: with another ETag: status %d", path, other.status)
		}
	}
	if got := send(t, request(t, http.MethodPost, s.URL+"/api/v1/schema", "", "")); got.problem(t).Status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET" {
		t.Errorf("POST: status %d, allowed %q", got.status, got.header.Get("Allow"))
	}
	if got := send(t, request(t, http.MethodGet, s.URL+"/api/v1/schema/nonsense", "", "")); got.problem(t).Status != http.StatusNotFound {
		t.Errorf("a schema that is not there: status %d", got.status)
	}
}
