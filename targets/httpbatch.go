package targets

import (
	"context"
	"net/http"
	"time"
)

// httpBatcher posts events as arrays: the JSON batch format of CloudEvents, in
// the content mode "batched", one event alone too, so that a receiver has one
// thing to understand.
//
// Each event has the extension attributes wyedeliveryid and wyerules, and on a
// replay wyereplay, for a request has one header of each name; wye-attempt is the
// highest attempt of them.
//
// The receiver takes all of a batch with a good answer, or names those that it
// did not take, see [failures]. A refusal of several events may be about one of
// them: they are sent again in halves until it stands alone (see
// [reply.blamesEvents]), all within one timeout. Any other answer is about all.
type httpBatcher struct{ *httpTarget }

// Deliver posts a batch of one.
func (t httpBatcher) Deliver(ctx context.Context, d Delivery) error {
	var err [1]error
	t.sending(ctx).send([]Delivery{d}, err[:])
	return err[0]
}

// DeliverBatch posts the events in one request or, where that is refused, in
// several, one after another.
func (t httpBatcher) DeliverBatch(ctx context.Context, ds []Delivery) []error {
	if len(ds) == 0 {
		return nil
	}
	errs := make([]error, len(ds))
	t.sending(ctx).send(ds, errs)
	for _, err := range errs {
		if err != nil {
			return errs
		}
	}
	return nil
}

func (t httpBatcher) sending(ctx context.Context) *sending {
	return &sending{t.httpTarget, ctx, time.Now().Add(t.cfg.Timeout)}
}

// sending is one batch on its way, whole or in parts.
type sending struct {
	t        *httpTarget
	ctx      context.Context
	deadline time.Time
}

// send fills in errs, one for each of ds. Its own error is one that concerns
// also what was not sent yet: the receiver asked for a pause, or is not there.
func (s *sending) send(ds []Delivery, errs []error) error {
	r, creds, err := s.t.ask(s.ctx, s.deadline, load{many: ds})
	if err != nil {
		return fail(errs, s.t.named(err))
	}
	if r.verdict == Accepted {
		s.t.pick(r, creds, ds, errs)
		return nil
	}
	if !r.blamesEvents() {
		return fail(errs, s.t.named(s.t.judge(r, creds)))
	}
	if len(ds) == 1 {
		errs[0] = s.t.named(s.t.judge(r, creds))
		return nil
	}
	half := len(ds) / 2
	if err := s.send(ds[:half], errs[:half]); err != nil {
		return fail(errs[half:], err)
	}
	return s.send(ds[half:], errs[half:])
}

func fail(errs []error, err error) error {
	for i := range errs {
		errs[i] = err
	}
	return err
}

// blamesEvents says that a refusal is about what was sent: the batch is too
// large, or holds an event that will never be taken.
func (r *reply) blamesEvents() bool {
	switch r.verdict {
	case Refused:
		return !r.blamesTarget()
	case Retry, RetryBriefly:
		return r.status == http.StatusRequestEntityTooLarge
	}
	return false
}

// blamesTarget says that no event would fare better at this URL in this format.
func (r *reply) blamesTarget() bool {
	switch r.status {
	case http.StatusMethodNotAllowed, http.StatusProxyAuthRequired, http.StatusUnsupportedMediaType,
		http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return true
	}
	return false
}
