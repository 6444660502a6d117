package targets_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/targets"
)

// meanings spells out what every final status means, code by code where the
// neighbours of a code mean something else.
func meaning(status int) targets.Verdict {
	switch status {
	case 401:
		return targets.Unauthorized
	case 404:
		return targets.RetryBriefly
	case 408, 409, 425:
		return targets.Retry
	case 410:
		return targets.Pause
	case 429:
		return targets.SlowDown
	case 501, 505:
		return targets.Refused
	}
	return map[int]targets.Verdict{
		1: targets.Misconfigured, 2: targets.Accepted, 3: targets.Misconfigured, 4: targets.Refused, 5: targets.Retry,
	}[status/100]
}

func TestDefaultStatuses(t *testing.T) {
	table := targets.DefaultStatuses()
	for status := 100; status <= 599; status++ {
		if got, want := table.Of(status), meaning(status); got != want {
			t.Errorf("%d: verdict %d, want %d", status, got, want)
		}
	}
	for _, status := range []int{0, 99, 600, 999} {
		if got := table.Of(status); got != targets.Retry {
			t.Errorf("%d, which is no status: verdict %d", status, got)
		}
	}
}

// TestStatuses lets a real receiver answer with every status that may end an
// answer, and looks at what the router gets to know, by the default table and by
// one of the target's own.
func TestStatuses(t *testing.T) {
	t.Run("default", func(t *testing.T) { everyStatus(t, nil, meaning) })
	own := targets.StatusTable{
		{404, 404, targets.Accepted}, {200, 200, targets.Refused}, {418, 418, targets.Pause}, {302, 302, targets.Retry},
		{401, 401, targets.Retry}, {410, 410, targets.RetryBriefly}, {500, 599, targets.Refused}, {503, 503, targets.Retry},
		{400, 403, targets.SlowDown},
	}
	t.Run("own", func(t *testing.T) {
		everyStatus(t, append(own, targets.DefaultStatuses()...), func(status int) targets.Verdict {
			switch { // the first row that holds a status decides
			case status == 404:
				return targets.Accepted
			case status == 200, status >= 500:
				return targets.Refused
			case status == 418:
				return targets.Pause
			case status == 302, status == 401:
				return targets.Retry
			case status == 410:
				return targets.RetryBriefly
			case status >= 400 && status <= 403:
				return targets.SlowDown
			}
			return meaning(status)
		})
	})
}

func everyStatus(t *testing.T, table targets.StatusTable, meaning func(int) targets.Verdict) {
	r := serve(t, func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(r.URL.Query().Get("status"))
		w.WriteHeader(status)
		if status >= 400 {
			fmt.Fprint(w, "because")
		}
	})
	for status := 200; status <= 599; status++ {
		err := deliver(t, target(t, targets.HTTPConfig{URL: fmt.Sprintf("%s/?status=%d", r.URL, status), Statuses: table}))
		if got, want := effectOf(err), effects[meaning(status)]; got != want {
			t.Errorf("%d: %+v, want %+v: %v", status, got, want, err)
		}
		if answer := targets.AnswerOf(err); err != nil && (answer == nil || answer.Status != status) {
			t.Errorf("%d: the answer is %+v", status, answer)
		}
	}
}

type effect struct {
	delivered, permanent, brief, gone, everyone bool
	wait                                        time.Duration
}

var effects = map[targets.Verdict]effect{
	targets.Accepted:      {delivered: true},
	targets.Retry:         {},
	targets.Refused:       {permanent: true},
	targets.Misconfigured: {permanent: true},
	targets.Unauthorized:  {permanent: true},
	targets.RetryBriefly:  {brief: true},
	targets.SlowDown:      {everyone: true},
	targets.Pause:         {gone: true},
}

func effectOf(err error) effect {
	e := effect{
		delivered: err == nil, permanent: is[*targets.Permanent](err),
		brief: is[*targets.Brief](err), gone: is[*targets.Gone](err),
	}
	var pause *targets.RetryAfter
	if errors.As(err, &pause) {
		e.everyone, e.wait = pause.Everyone, pause.Wait
	}
	return e
}

// TestSwitchingProtocols is a last answer below 200.
func TestSwitchingProtocols(t *testing.T) {
	r := raw(t, func(int) string {
		return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"
	})
	err := deliver(t, target(t, targets.HTTPConfig{URL: r.url}))
	wantText(t, err, "misconfiguration")
	if !is[*targets.Permanent](err) {
		t.Errorf("not permanent: %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	soon := time.Now().Add(10 * time.Minute).UTC().Format(http.TimeFormat)
	past := time.Now().Add(-10 * time.Minute).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		status   int
		header   string
		least    time.Duration
		most     time.Duration
		everyone bool
		bad      bool
	}{
		{503, "7", 7 * time.Second, 7 * time.Second, false, false},
		{500, "120", 2 * time.Minute, 2 * time.Minute, false, false},
		{408, "1", time.Second, time.Second, false, false},
		{404, "30", 30 * time.Second, 30 * time.Second, false, false},
		{429, "7", 7 * time.Second, 7 * time.Second, true, false},
		{429, "", 0, 0, true, false},
		{429, "soon", 0, 0, true, true},
		{429, "86400", time.Hour, time.Hour, true, false},
		{410, "1", 0, 0, false, false}, // gone: a person says when
		{503, soon, 9 * time.Minute, 10 * time.Minute, false, false},
		{503, past, 0, 0, false, false},
		{503, "99999999999999999999999", time.Hour, time.Hour, false, false},
		{503, "-1", 0, 0, false, true},
		{503, "1.5", 0, 0, false, true},
		{503, "0", 0, 0, false, false},
		{400, "7", 0, 0, false, false}, // permanent: there is no next time
		{302, "7", 0, 0, false, false},
		{409, "7", 7 * time.Second, 7 * time.Second, false, false},
		{504, "7", 7 * time.Second, 7 * time.Second, false, false},
		{503, "7 ", 7 * time.Second, 7 * time.Second, false, false},
		{503, "+7", 0, 0, false, true},
		{503, "0x7", 0, 0, false, true},
		{503, "٧", 0, 0, false, true},
		{503, "7, 8", 0, 0, false, true},
		{503, "Fri, 31 Dec 9999 23:59:59 GMT", time.Hour, time.Hour, false, false},
		{503, "Thu, 01 Jan 1970 00:00:00 GMT", 0, 0, false, false},
		{503, "Fri, 32 Dec 2026 23:59:59 GMT", 0, 0, false, true},
		{503, strings.Repeat("9", 10_000), time.Hour, time.Hour, false, false},
		{503, "\xff", 0, 0, false, true},
	} {
		t.Run(fmt.Sprintf("%d %.40s", c.status, c.header), func(t *testing.T) {
			r := answer(t, c.status, map[string]string{"Retry-After": c.header}, "")
			err := deliver(t, target(t, targets.HTTPConfig{URL: r.URL}))
			got := effectOf(err)
			if got.wait < c.least || got.wait > c.most || got.everyone != c.everyone {
				t.Errorf("wait %s, everyone %t; want %s to %s, %t", got.wait, got.everyone, c.least, c.most, c.everyone)
			}
			if bad := targets.AnswerOf(err).BadRetryAfter; bad != c.bad {
				t.Errorf("counted as unreadable: %t, want %t", bad, c.bad)
			}
			if c.status == 404 && !got.brief {
				t.Error("404 with a pause is not brief any more")
			}
		})
	}
}

func TestMaxRetryAfter(t *testing.T) {
	r := answer(t, 503, map[string]string{"Retry-After": "7200"}, "")
	err := deliver(t, target(t, targets.HTTPConfig{URL: r.URL, MaxRetryAfter: 90 * time.Minute}))
	if got := effectOf(err).wait; got != 90*time.Minute {
		t.Errorf("wait %s", got)
	}
}

// TestRetryAfterOfOwnStatus is heard wherever the table says to try again.
func TestRetryAfterOfOwnStatus(t *testing.T) {
	own := append(targets.StatusTable{{400, 400, targets.Retry}, {401, 401, targets.SlowDown}}, targets.DefaultStatuses()...)
	for status, everyone := range map[int]bool{400: false, 401: true} {
		r := answer(t, status, map[string]string{"Retry-After": "7"}, "")
		got := effectOf(deliver(t, target(t, targets.HTTPConfig{URL: r.URL, Statuses: own})))
		if want := (effect{wait: 7 * time.Second, everyone: everyone}); got != want {
			t.Errorf("%d: %+v, want %+v", status, got, want)
		}
	}
}
