package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
)

func newAuditCommand() *cobra.Command {
	var s server
	var from, to, output string
	c := &cobra.Command{
		Use:   "audit",
		Short: "Prove that every accepted event ended as it must",
		Long: `Proves for the events that a running Wye keeps, or a stretch of them, that

  events accepted     = unmatched + matched
  deliveries expected = delivered + dead-lettered + expired + dropped + pending

Every event is matched again, with the rules that decided it, and of each delivery
that there must be what became of it is looked up in what was written down, in the
backlog and among the dead letters. No counter is believed. Wye goes on meanwhile,
and the account is exact all the same. What breaks it is named.

--from and --to are a sequence number, a time such as 2026-03-02T09:00:00Z, a date
(its beginning, in UTC), or how long ago, such as 1h or 2d. --to is the last event;
as a time, events stored before it.

Exits with 0 if the account balances, with 1 if it does not, and with 3 if it could
not be made.`,
		Example: `  wye audit
  wye audit --from 1h
  wye audit --from 2026-03-02 --to 2026-03-03 -o json
  wye audit --from 1200 --to 1300`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v, err := auditQuery(from, to, time.Now())
			if err != nil {
				return err
			}
			report, err := askAudit(cmd.Context(), s, v, newProgress(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			return tellAudit(cmd.OutOrStdout(), report, output)
		},
	}
	fs := c.Flags()
	fs.StringVar(&from, "from", "", "first event: a sequence number, a time, or how long ago (all that are kept)")
	fs.StringVar(&to, "to", "", "last event: the same (the newest)")
	addServer(c, &s)
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

func auditQuery(from, to string, now time.Time) (url.Values, error) {
	v := url.Values{}
	for _, f := range []struct{ name, text string }{{"from", from}, {"to", to}} {
		if f.text == "" {
			continue
		}
		bound, err := whenOrWhich(f.text, now)
		if err != nil {
			return nil, fmt.Errorf("--%s %s: %w", f.name, plain(f.text, 80), err)
		}
		v.Set(f.name, bound)
	}
	return v, nil
}

// whenOrWhich reads a sequence number, a time or how long ago, as the server
// takes it.
func whenOrWhich(text string, now time.Time) (string, error) {
	if n, err := strconv.ParseUint(text, 10, 64); err == nil && n > 0 {
		return text, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.Format(time.RFC3339Nano), nil
	}
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at.Format(time.RFC3339), nil
	}
	if ago, ok := howLong(text); ok {
		return now.Add(-ago).UTC().Format(time.RFC3339Nano), nil
	}
	return "", errors.New("expected a sequence number, a time such as 2026-03-02T09:00:00Z, a date such as 2026-03-02, or how long ago, such as 1h or 2d")
}

// howLong reads 90m, 1h30m or 2d, with a sign or "ago" as people write them.
func howLong(text string) (time.Duration, bool) {
	text = strings.TrimPrefix(strings.TrimSpace(strings.TrimSuffix(text, "ago")), "-")
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err == nil
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}

// askAudit has the server make the account, however long that takes.
func askAudit(ctx context.Context, s server, v url.Values, p *progress) (*router.AuditReport, error) {
	base, err := s.base()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/audit?"+v.Encode(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, failed(fmt.Errorf("no Wye answers at %s (%w); start one with `wye serve`, or name another with --server or WYE_SERVER", base, cause(err)))
	}
	defer resp.Body.Close()
	defer p.clear()
	if resp.StatusCode != http.StatusOK {
		err := decodeAnswer(resp, nil)
		if resp.StatusCode == http.StatusBadRequest {
			return nil, err
		}
		return nil, failedUnlessRefused(base, err)
	}
	for lines := json.NewDecoder(resp.Body); ; {
		var line api.AuditLine
		err := lines.Decode(&line)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return nil, failed(fmt.Errorf("%s ended the audit before its report; is it stopping? Ask again", base))
		case err != nil:
			return nil, failedUnlessRefused(base, err)
		case line.Problem != "":
			return nil, failed(fmt.Errorf("%s: %s", base, plain(line.Problem, 400)))
		case line.Report != nil:
			return line.Report, nil
		case line.Progress != nil:
			p.show(func() string { return auditProgressLine(*line.Progress) })
		}
	}
}

func auditProgressLine(p router.AuditProgress) string {
	text := fmt.Sprintf("audit: %s, %s", plain(p.Stage, 20), grouped(int(p.Done)))
	if p.Of > 0 {
		text += " of " + grouped(int(p.Of))
	}
	return text
}

// tellAudit prints the report; one that does not balance is an exit status.
func tellAudit(out io.Writer, report *router.AuditReport, output string) error {
	var err error
	if output == "table" {
		err = writeAudit(out, report)
	} else {
		err = writeData(out, output, report)
	}
	if err != nil {
		return failed(err)
	}
	if !report.Balanced {
		return &exitError{status: exitFindings}
	}
	return nil
}
