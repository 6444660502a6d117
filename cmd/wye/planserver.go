package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/plan"
	"github.com/wye-events/wye/rules"
)

// overArchive has the server compare the sets over the events that it keeps. If ctx
// ends before it is done, the newest of its interim reports stands.
func (f *planFlags) overArchive(ctx context.Context, sets planSets, talk *planTalk) (*plan.Report, error) {
	order, err := f.order(sets)
	if err != nil {
		return nil, err
	}
	base, err := f.server.base()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v1/plan", bytes.NewReader(body(order)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, failed(errInterrupted)
		}
		return nil, failed(fmt.Errorf("no Wye answers at %s (%w); start one with `wye serve`, name another with --server or WYE_SERVER, or compare over a file with --events", base, cause(err)))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, planRefused(base, resp)
	}
	return readPlan(ctx, base, resp.Body, talk)
}

func (f *planFlags) order(sets planSets) (order api.PlanOrder, err error) {
	since, until, err := f.window(time.Now())
	order = api.PlanOrder{
		Rules: sets.new.files(), Old: sets.old.files(), Commit: sets.new.commit, Since: since, Until: until,
		Sample: f.sample, Limit: f.limit, Examples: &f.examples, All: f.all,
	}
	if sets.old != nil {
		order.OldCommit = sets.old.commit
	}
	return order, err
}

// planRefused is what the server said instead of a plan.
func planRefused(base string, resp *http.Response) error {
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	var r struct {
		refusal
		Problems rules.Problems `json:"problems"`
	}
	_ = json.Unmarshal(raw, &r) // a server that is not Wye answers in its own way
	r.Status = resp.StatusCode
	switch {
	case r.Status == http.StatusBadRequest && r.Detail != "":
		return &r.refusal
	case r.Status == http.StatusNotFound && r.Detail != "" && r.Reason == "":
		return failed(fmt.Errorf("%s: this Wye cannot plan; it is older than this command", base))
	case len(r.Problems) > 0:
		first := r.Problems[0]
		return failed(fmt.Errorf("%s: %w (%s; this command and the server are of different versions)", base, &r.refusal, plain(first.Message, 200)))
	}
	return failedUnlessRefused(base, &r.refusal)
}

// readPlan reads the answer line by line.
func readPlan(ctx context.Context, base string, from io.Reader, talk *planTalk) (newest *plan.Report, err error) {
	for lines := json.NewDecoder(from); ; {
		var line api.PlanLine
		err := lines.Decode(&line)
		switch {
		case err != nil && ctx.Err() != nil && newest != nil:
			return newest, nil
		case err != nil && ctx.Err() != nil:
			return nil, failed(fmt.Errorf("%w before anything was found", errInterrupted))
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			if newest != nil {
				newest.Notes = append(newest.Notes, "the server ended the plan before its end")
				return newest, nil
			}
			return nil, failed(fmt.Errorf("%s ended the plan before its report; is it stopping? Ask again", base))
		case err != nil:
			return nil, failedUnlessRefused(base, err)
		case line.Problem != "":
			return nil, failed(fmt.Errorf("%s: %s", base, plain(line.Problem, 400)))
		case line.Progress != nil:
			talk.progress(*line.Progress)
		case line.Report != nil && line.Report.Partial:
			newest = line.Report
			talk.findings(newest)
		case line.Report != nil:
			return line.Report, nil
		}
	}
}
