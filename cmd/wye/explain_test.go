package main

import (
	"testing"
	"time"

	"github.com/wye-events/wye/router"
)

// TestMoreOf: what is beside a delivery says why it did not arrive.
func TestMoreOf(t *testing.T) {
	due := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for want, d := range map[string]router.PastDelivery{
		"-":                   {Outcome: "delivered", Attempts: 1},
		"answered 503 before": {Outcome: "delivered", Attempts: 2, Status: 503},
		"answered 503; next try 2026-01-31 12:00:00Z":                            {Outcome: "waiting", Status: 503, Due: due},
		"connection refused; next try 2026-01-31 12:00:00Z":                      {Outcome: "waiting", Error: "connection\nrefused", Due: due},
		"its target failed, or asked for a pause, and is left alone for a while": {Outcome: "waiting", Reason: "target_held"},
		"its target is paused; answered 410":                                     {Outcome: "waiting", Reason: "target_paused", Status: 410, Due: due},
		"the event has come back; see `wye dead show 6`":                         {Outcome: "dead_lettered", Reason: "loop", Error: "the event has come back", DeadLetter: 6},
		"answered 422": {Outcome: "dead_lettered", Reason: "permanent", Status: 422, DeadLetter: 5, Discarded: due},
		"answered 400: no; see `wye dead show 7`":                                         {Outcome: "dead_lettered", Reason: "permanent", Error: "answered 400: no", Status: 400, DeadLetter: 7},
		"it divides by zero; see `wye dead show 8`":                                       {Outcome: "dead_lettered", Reason: "rule_error", Error: "it divides by zero", DeadLetter: 8},
		"the attempts of its retry policy are spent; answered 503; see `wye dead show 9`": {Outcome: "dead_lettered", Reason: "attempts", Status: 503, DeadLetter: 9},
		"reason_of_a_newer_server; see `wye dead show 10`":                                {Outcome: "dead_lettered", Reason: "reason_of_a_newer_server", DeadLetter: 10},
	} {
		if got := moreOf(d); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestAboutDelivery: a delivery that has not ended is told since when.
func TestAboutDelivery(t *testing.T) {
	first := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	later := first.Add(2 * time.Second)
	for want, d := range map[string]router.PastDelivery{
		"since 2026-01-31 12:00:00Z, after no attempts": {Outcome: "under_way", First: first, At: later},
		"waits since 2026-01-31 12:00:02Z":              {Outcome: "waiting", First: first, At: later},
		"2026-01-31 12:00:02Z, after 2 attempts in 2s":  {Outcome: "delivered", Attempts: 2, First: first, At: later},
	} {
		if got := aboutDelivery(d); len(got) != 1 || got[0] != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}
