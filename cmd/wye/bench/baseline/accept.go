package baseline

import (
	"io"
	"net/http"
)

// Accept answers every event and does nothing with it.
func Accept() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		accepted(w, r.Header.Get("Ce-Id"))
	})
}
