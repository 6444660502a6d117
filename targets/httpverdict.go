package targets

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// judge turns an answer into what the router must know of it.
func (t *httpTarget) judge(r *reply, creds *credentials) error {
	if r.verdict == Accepted {
		return nil
	}
	wait, told := parseRetryAfter(r.retryAfter, time.Now(), t.cfg.MaxRetryAfter)
	answer := &Answer{
		Status:        r.status,
		Excerpt:       creds.scrub.excerpt(r.body, r.cut),
		BadRetryAfter: r.retryAfter != "" && !told,
	}
	switch r.verdict {
	case Refused:
		return &Permanent{t.refused(answer)}
	case Unauthorized:
		return &Permanent{fmt.Errorf("%w (the credentials in its headers or URL were refused; renew them)", answer)}
	case Misconfigured:
		return &Permanent{t.misconfigured(r, answer, creds)}
	case Pause:
		return &Gone{answer}
	case SlowDown:
		return &RetryAfter{Err: answer, Wait: wait, Everyone: true}
	case RetryBriefly:
		return &Brief{withWait(answer, wait)}
	}
	return withWait(answer, wait)
}

func (t *httpTarget) refused(answer *Answer) error {
	if t.cfg.Batch && answer.Status == http.StatusUnsupportedMediaType {
		return fmt.Errorf("%w (the receiver may not take %s; teach it, or remove batch from the target)", answer, cloudevent.MediaTypeBatch)
	}
	return answer
}

// withWait adds the pause that the receiver asked for, for this event only.
func withWait(err error, wait time.Duration) error {
	if wait == 0 {
		return err
	}
	return &RetryAfter{Err: err, Wait: wait}
}

func (t *httpTarget) misconfigured(r *reply, answer *Answer, creds *credentials) error {
	to := redirectedTo(r.location, creds)
	switch {
	case r.status < 300 || 399 < r.status:
		return fmt.Errorf("%w (a misconfiguration: this is no answer to an event; correct the URL)", answer)
	case to == "":
		return fmt.Errorf("%w (a misconfiguration: redirects are not followed; correct the URL)", answer)
	}
	return fmt.Errorf("%w (a misconfiguration: it redirects to %s, and redirects are not followed; correct the URL)", answer, to)
}

// redirectedTo is the scheme and host of a Location, for its path and query may
// carry a token.
func redirectedTo(location string, creds *credentials) string {
	u, err := creds.url.Parse(location)
	if location == "" || err != nil || u.Host == "" {
		return ""
	}
	if u.Host == creds.url.Host && u.Scheme == creds.url.Scheme {
		return "another path of the same host"
	}
	return clip(creds.scrub.excerpt([]byte((&url.URL{Scheme: u.Scheme, Host: u.Host}).String()), false), 128)
}
