package baseline

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// Null is a router without a store and without rules: it posts every event to
// the sink, and answers when the sink has.
func Null(sink string, connections int) http.Handler {
	client := poster(connections)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := post(r.Context(), client, sink, attributes(r.Header), body); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		accepted(w, r.Header.Get("Ce-Id"))
	})
}

// post sends an event on, and gives an error unless the receiver took it.
func post(ctx context.Context, client *http.Client, url string, headers http.Header, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = headers
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode > 299 {
		return fmt.Errorf("%s answered %s", url, answer.Status)
	}
	return nil
}
