package router

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

// TestStatusMeanings: every word of a rule file has a meaning of its own, and
// the first row that holds a status decides, before the default table.
func TestStatusMeanings(t *testing.T) {
	own := []rules.StatusRow{
		{From: 404, To: 404, Then: rules.StatusRetry},
		{From: 409, To: 409, Then: rules.StatusDelivered},
		{From: 400, To: 499, Then: rules.StatusSlowDown},
		{From: 503, To: 503, Then: rules.StatusPause},
		{From: 504, To: 504, Then: rules.StatusBriefly},
		{From: 500, To: 599, Then: rules.StatusDeadLetter},
	}
	table := statuses(own)
	for status, want := range map[int]targets.Verdict{
		404: targets.Retry, 409: targets.Accepted, 410: targets.SlowDown, 503: targets.Pause, 504: targets.RetryBriefly,
		500: targets.Refused, 204: targets.Accepted, 302: targets.Misconfigured,
	} {
		if got := table.Of(status); got != want {
			t.Errorf("%d: verdict %d, want %d", status, got, want)
		}
	}
	if len(verdicts) != 6 {
		t.Errorf("%d words have a meaning", len(verdicts))
	}
}

// TestPolicyReachesTheTarget builds a target as a rule file describes it.
func TestPolicyReachesTheTarget(t *testing.T) {
	r := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "86400")
		w.WriteHeader(http.StatusBadRequest)
	}))
	defer r.Close()
	made, err := build(t.Context(), rules.Target{Name: "web", HTTP: &rules.HTTP{
		URL: r.URL, OnStatus: []rules.StatusRow{{From: 400, To: 400, Then: rules.StatusRetry}}, RetryAfterMax: 2 * time.Hour,
	}}, targets.Streams{})
	if err != nil {
		t.Fatal(err)
	}
	defer made.Close()
	err = made.Deliver(t.Context(), targets.Delivery{ID: "1/a/web", Event: &cloudevent.Event{ID: "1", Source: "/", Type: "t"}, Attempt: 1})
	var after *targets.RetryAfter
	if !errors.As(err, &after) || after.Wait != 2*time.Hour || after.Everyone {
		t.Errorf("answer 400 with a pause of a day: %v, %+v", err, after)
	}
}
