package rules

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// oneTarget loads a rule set of one target.
func oneTarget(t *testing.T, body string) Target {
	t.Helper()
	set, _, problems := LoadSources(Source{"r.yaml", []byte("version: 1\ntargets:\n  t: " + body + "\n")})
	if set == nil {
		t.Fatalf("%s: %s", body, report(t, problems))
	}
	return set.Targets[0]
}

func TestPolicy(t *testing.T) {
	got := oneTarget(t, `
    http:
      url: https://a.example
      on_status: {5xx: dead_letter, 503: retry, 2xx: delivered, 409: delivered, "404": briefly}
      retry_after_max: 10m
    retry: {attempts: 3, first: 2s, max: 1m, factor: 1.5, give_up: 1h}
    concurrency: 4
    rate: {per_second: 0.25, burst: 3}
    breaker: {failures: 7, ratio: 0, over: 1m, first: 2s, max: 20s}
    order: {by: event.subject, on_poison: skip}
    batch: {max_events: 10, max_bytes: 64KiB, max_wait: 1s}
    on_expired: drop`)
	want := Target{
		Name: "t", Concurrency: 4, OnExpired: OnExpiredDrop,
		HTTP: &HTTP{
			URL: "https://a.example", Timeout: 15 * time.Second, Format: "structured", RetryAfterMax: 10 * time.Minute,
			OnStatus: []StatusRow{
				{404, 404, StatusBriefly}, {409, 409, StatusDelivered}, {503, 503, StatusRetry},
				{200, 299, StatusDelivered}, {500, 599, StatusDeadLetter},
			},
		},
		Retry:   Retry{Attempts: 3, First: 2 * time.Second, Max: time.Minute, Factor: 1.5, GiveUp: time.Hour},
		Rate:    &Rate{PerSecond: 0.25, Burst: 3},
		Breaker: Breaker{Failures: 7, Over: time.Minute, First: 2 * time.Second, Max: 20 * time.Second},
		Order:   &Order{By: "event.subject", OnPoison: OnPoisonSkip, Place: Place{File: "r.yaml", Line: 12, Column: 17}},
		Batch:   &Batch{MaxEvents: 10, MaxBytes: 64 << 10, MaxWait: time.Second},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPolicyDefaults(t *testing.T) {
	for body, want := range map[string]Rate{
		"rate: 100":                              {100, 100},
		"rate: 0.5":                              {0.5, 1},
		"rate: 2.5":                              {2.5, 3},
		"rate: {per_second: 1000000}":            {1_000_000, 1_000_000},
		"rate: {per_second: 100, burst: 200}":    {100, 200},
		"rate: {burst: 1, per_second: 10000.75}": {10_000.75, 1},
	} {
		if got := oneTarget(t, "{queue: {name: q}, "+body+"}"); *got.Rate != want {
			t.Errorf("%s: %v, want %v", body, *got.Rate, want)
		}
	}
	if got := oneTarget(t, "{queue: {name: q}, order: event.type}"); got.Order.By != "event.type" || got.Order.OnPoison != OnPoisonPark || got.Order.Place.Column != 32 {
		t.Errorf("order: %+v", got.Order)
	}
	got := oneTarget(t, "{http: {url: https://a.example}, batch: {}}")
	if *got.Batch != (Batch{MaxEvents: 100, MaxBytes: 1 << 20, MaxWait: 100 * time.Millisecond}) || got.HTTP.Format != "structured" {
		t.Errorf("batch: %+v of format %s", got.Batch, got.HTTP.Format)
	}
	// A default gives way to what is written.
	if got := oneTarget(t, "{queue: {name: q}, breaker: {first: 1m}}"); got.Breaker.First != time.Minute || got.Breaker.Max != time.Minute {
		t.Errorf("breaker: %+v", got.Breaker)
	}
	if got := oneTarget(t, "{queue: {name: q}, breaker: {max: 100ms}}"); got.Breaker.First != 100*time.Millisecond {
		t.Errorf("breaker: %+v", got.Breaker)
	}
}

// TestSame: where a target is written is not how it is set.
func TestSame(t *testing.T) {
	one := oneTarget(t, "{queue: {name: q}, order: event.type}")
	moved := oneTarget(t, "\n    order: event.type\n    queue: {name: q}")
	if !one.Same(moved) || !moved.Same(one) || one.Order.Place.Column == 0 {
		t.Errorf("%+v and %+v", one, moved)
	}
	for _, other := range []string{
		"{queue: {name: q}}", "{queue: {name: q}, order: event.id}", "{queue: {name: q}, order: {by: event.type, on_poison: skip}}",
		"{queue: {name: r}, order: event.type}", "{queue: {name: q}, order: event.type, rate: 5}",
	} {
		if other := oneTarget(t, other); one.Same(other) || other.Same(one) {
			t.Errorf("%+v is the same as %+v", one, other)
		}
	}
}
