package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/wye-events/wye/schemas"
)

const mediaTypeSchema = "application/schema+json"

// schemaRoutes serves the JSON Schemas of what people write, for editors. The
// first of them is at /api/v1/schema too. An ETag lets editors that ask at each
// start be answered with 304.
func schemaRoutes(mux *http.ServeMux) {
	for i, d := range schemas.Documents() {
		serve := schemaHandler(d.Schema)
		mux.HandleFunc("GET /api/v1/schema/"+d.Name, serve)
		if i == 0 {
			mux.HandleFunc("GET /api/v1/schema", serve)
		}
	}
	mux.HandleFunc("/api/v1/schema", methodNotAllowed(http.MethodGet))
}

func schemaHandler(text []byte) http.HandlerFunc {
	sum := sha256.Sum256(text)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", mediaTypeSchema)
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "no-cache") // a newer Wye at this address may have another
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(text))
	}
}
