package faults

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/routertest"
)

// quickly tries again at once.
const quickly = "retry: {first: 1ms, max: 5ms, attempts: 200}"

// TestToldToWait answers the first request with a pause, in every form that one
// may take: nothing comes within it, not for any event, and all is delivered after it.
func TestToldToWait(t *testing.T) {
	const events = 20
	for name, after := range map[string]func(now time.Time) (header string, until time.Time){
		"seconds": func(now time.Time) (string, time.Time) { return "1", now.Add(time.Second) },
		"date": func(now time.Time) (string, time.Time) {
			until := now.Add(2 * time.Second).Truncate(time.Second)
			return until.UTC().Format(http.TimeFormat), until
		},
		"absurd seconds": func(now time.Time) (string, time.Time) { return "99999999999", now.Add(most) },
		"absurd date": func(now time.Time) (string, time.Time) {
			return now.AddDate(1000, 0, 0).UTC().Format(http.TimeFormat), now.Add(most)
		},
		"past": func(now time.Time) (string, time.Time) {
			return now.AddDate(-1, 0, 0).UTC().Format(http.TimeFormat), now
		},
		"negative":  func(now time.Time) (string, time.Time) { return "-5", now },
		"no number": func(now time.Time) (string, time.Time) { return "soon", now },
	} {
		for _, status := range []int{429, 503} {
			t.Run(fmt.Sprint(name, " with ", status), func(t *testing.T) {
				t.Parallel()
				header, until := after(time.Now())
				told := time.Now()
				r := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
					if a.ID == "first" && a.Nth == 1 {
						told = a.At
						header, until = after(a.At)
						return routertest.Reply{Status: status, RetryAfter: header}
					}
					return routertest.Reply{}
				})
				w := routertest.Start(t, file(
					fmt.Sprintf("  web: {http: {url: %q, retry_after_max: %dms}, %s}\n", r.URL(), most.Milliseconds(), quickly), rule("all", "**", "web")))
				w.Send(t, routertest.Event{ID: "first"})
				w.Until("web", "has been refused", func(s router.TargetStatus) bool { return s.Retried > 0 })
				ids := w.SendMany(t, "then", events)
				r.UntilTaken(events + 1)
				w.Settled()
				r.Once(append(ids, "first")...)
				for _, a := range r.Arrivals()[1:] {
					if early := until.Sub(a.At); early > 0 && (status == 429 || a.ID == "first") {
						t.Errorf("%s came %s after Retry-After: %s, which is %s too early", a.ID, a.At.Sub(told), header, early)
					}
				}
				w.UntilDead("web", 0)
			})
		}
	}
}

// most is retry_after_max of these tests.
const most = 2500 * time.Millisecond

// TestFinalAnswers gives one event an answer that will not change: it is a dead
// letter at once, or after a few attempts, and the others are not affected.
func TestFinalAnswers(t *testing.T) {
	for status, attempts := range map[int]int{301: 1, 302: 1, 400: 1, 413: 1, 415: 1, 422: 1, 403: 1, 404: 5} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			elsewhere := routertest.NewReceiver(t, routertest.Well)
			r := routertest.NewReceiver(t, func(a routertest.Arrival) routertest.Reply {
				if a.ID == "poison" {
					return routertest.Reply{Status: status, Location: elsewhere.URL(), Body: "no, thank you"}
				}
				return routertest.Reply{}
			})
			w := routertest.Start(t, file(target("web", r.URL(), quickly), rule("all", "**", "web")))
			ids := sendAround(t, w, 20, routertest.Event{ID: "poison"})
			letter := w.UntilDead("web", 1)[0]
			w.Settled()
			r.Once(ids...)
			requests := len(slices.DeleteFunc(r.Arrivals(), func(a routertest.Arrival) bool { return a.ID != "poison" }))
			if letter.EventID != "poison" || letter.Tried != attempts || requests != attempts {
				t.Errorf("dead letter %+v after %d requests; expected %d attempts", letter, requests, attempts)
			}
			for _, a := range letter.Attempts {
				if a.Status != status || a.Excerpt != "no, thank you" || a.At.IsZero() || a.Took <= 0 {
					t.Errorf("attempt %+v", a)
				}
			}
			if n := len(elsewhere.Arrivals()); n > 0 {
				t.Errorf("a redirection was followed %d times", n)
			}
		})
	}
}

// TestBreaker lets a target fail for a while: after five failures it is probed
// by one delivery at a time, and nothing is lost.
func TestBreaker(t *testing.T) {
	t.Parallel()
	const events, failures, probes = 300, 5, 6
	r := routertest.NewReceiver(t, routertest.Always(500))
	w := routertest.Start(t, file(target("web", r.URL(), "concurrency: 1", "retry: {first: 1ms, max: 5ms, attempts: 1000}",
		"breaker: {failures: 5, first: 100ms, max: 200ms}"), rule("all", "**", "web")))
	ids := w.SendMany(t, "e", events)
	r.UntilCame(failures + probes)
	w.Floored()
	w.Until("web", "is held", func(s router.TargetStatus) bool { return s.State == "held" })
	came := r.Arrivals()
	gaps := 0 // pauses of more than what a retry waits
	for i := 1; i < failures+probes; i++ {
		gap := came[i].At.Sub(came[i-1].At)
		if i >= failures && gap < 10*time.Millisecond {
			t.Errorf("request %d came %s after the one before; expected a pause and one probe", i+1, gap)
		}
		if gap > 40*time.Millisecond {
			gaps++
		}
	}
	if gaps < probes/2 {
		t.Errorf("%d pauses among %d requests", gaps, failures+probes)
	}
	r.Answer(routertest.Well)
	r.UntilTaken(events)
	w.Settled()
	r.Once(ids...)
	w.UntilDead("web", 0)
	w.Until("web", "is used straight", func(s router.TargetStatus) bool { return s.State == "straight" })
}

// TestBreakerProbesWithOne holds the probe: no other request comes beside it.
func TestBreakerProbesWithOne(t *testing.T) {
	t.Parallel()
	const events = 100
	r := routertest.NewReceiver(t, routertest.Always(500))
	w := routertest.Start(t, file(target("web", r.URL(), "concurrency: 32", "retry: {first: 1ms, max: 5ms, attempts: 1000}",
		"breaker: {failures: 5, first: 50ms, max: 50ms}"), rule("all", "**", "web")))
	ids := w.SendMany(t, "e", events)
	w.Floored()
	w.Until("web", "is held", func(s router.TargetStatus) bool { return s.State == "held" })
	r.UntilOpen(0)
	answer := make(chan struct{})
	r.Answer(func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: answer} })
	r.UntilOpen(1)
	for range 5 { // as long as a pause lasts, several times over
		<-time.After(50 * time.Millisecond)
		r.UntilOpen(1)
	}
	close(answer)
	r.UntilTaken(events)
	w.Settled()
	r.Once(ids...)
}
