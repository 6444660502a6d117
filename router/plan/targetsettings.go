package plan

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wye-events/wye/rules"
)

// targetSettings are the settings in which two targets differ. What may be a
// secret, which are the values of headers and most of a URL, is only named.
func targetSettings(old, new rules.Target) (all []Setting) {
	if old.Same(new) {
		return nil
	}
	before, after := ofTarget(old), ofTarget(new)
	for _, name := range slices.Sorted(maps.Keys(union(before, after))) {
		all = append(all, differing(name, before[name], after[name])...)
	}
	all = append(all, urlSettings(urlOf(old), urlOf(new))...)
	all = append(all, headerSettings(headersOf(old), headersOf(new))...)
	if len(all) == 0 {
		all = append(all, Setting{Name: "settings", How: "changed"})
	}
	return all
}

func union(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// ofTarget are the settings of a target that may be told, by their names.
func ofTarget(t rules.Target) map[string]string {
	all := map[string]string{
		"kind":           kindOf(t),
		"concurrency":    strconv.Itoa(t.Concurrency),
		"on_expired":     string(t.OnExpired),
		"retry.attempts": strconv.Itoa(t.Retry.Attempts),
		"retry.first":    t.Retry.First.String(),
		"retry.max":      t.Retry.Max.String(),
		"retry.factor":   number(t.Retry.Factor),
		"retry.give_up":  t.Retry.GiveUp.String(),

		"breaker.failures": strconv.Itoa(t.Breaker.Failures),
		"breaker.ratio":    number(t.Breaker.Ratio),
		"breaker.over":     t.Breaker.Over.String(),
		"breaker.first":    t.Breaker.First.String(),
		"breaker.max":      t.Breaker.Max.String(),
	}
	if h := t.HTTP; h != nil {
		all["timeout"], all["format"] = h.Timeout.String(), h.Format
		all["retry_after_max"], all["on_status"] = h.RetryAfterMax.String(), statuses(h.OnStatus)
	}
	if t.Queue != nil {
		all["queue.name"] = t.Queue.Name
	}
	if t.Stream != nil {
		all["stream.subject"] = t.Stream.Subject
	}
	if t.Rate != nil {
		all["rate.per_second"], all["rate.burst"] = number(t.Rate.PerSecond), strconv.Itoa(t.Rate.Burst)
	}
	if t.Order != nil {
		all["order.by"], all["order.on_poison"] = t.Order.By, string(t.Order.OnPoison)
	}
	if t.Batch != nil {
		all["batch.max_events"], all["batch.max_bytes"] = strconv.Itoa(t.Batch.MaxEvents), strconv.Itoa(t.Batch.MaxBytes)
		all["batch.max_wait"] = t.Batch.MaxWait.String()
	}
	return all
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// statuses is a table of statuses as text: "409 delivered, 500-599 retry".
func statuses(rows []rules.StatusRow) string {
	var parts []string
	for _, r := range rows {
		of := strconv.Itoa(r.From)
		if r.To != r.From {
			of = fmt.Sprintf("%d-%d", r.From, r.To)
		}
		parts = append(parts, of+" "+string(r.Then))
	}
	return strings.Join(parts, ", ")
}

func kindOf(t rules.Target) string {
	switch {
	case t.HTTP != nil:
		return "http"
	case t.Queue != nil:
		return "queue"
	}
	return "stream"
}

func urlOf(t rules.Target) string {
	if t.HTTP == nil {
		return ""
	}
	return t.HTTP.URL
}

func headersOf(t rules.Target) map[string]string {
	if t.HTTP == nil {
		return nil
	}
	return t.HTTP.Headers
}

// urlSettings are the parts in which two URLs differ. Only the scheme and the
// host are told: a path or a query may hold a token.
func urlSettings(before, after string) (all []Setting) {
	if before == after {
		return nil
	}
	old, err1 := url.Parse(before)
	new, err2 := url.Parse(after)
	if err1 != nil || err2 != nil || strings.Contains(before+after, "${") {
		return hidden("url", before, after)
	}
	all = append(all, differing("url scheme", old.Scheme, new.Scheme)...)
	all = append(all, differing("url host", old.Host, new.Host)...)
	all = append(all, hidden("url user", old.User.String(), new.User.String())...)
	all = append(all, hidden("url path", old.EscapedPath(), new.EscapedPath())...)
	return append(all, hidden("url query", old.RawQuery, new.RawQuery)...)
}

// hidden is a setting, if it differs, without what was set.
func hidden(name, before, after string) []Setting {
	all := differing(name, before, after)
	for i := range all {
		all[i].Before, all[i].After = "", ""
	}
	return all
}

func headerSettings(before, after map[string]string) (all []Setting) {
	for _, name := range slices.Sorted(maps.Keys(union(before, after))) {
		value, was := before[name]
		next, is := after[name]
		if was && is && value == next {
			continue
		}
		how := "changed"
		if !was {
			how = "added"
		} else if !is {
			how = "removed"
		}
		all = append(all, Setting{Name: "header " + strings.ToLower(name), How: how})
	}
	return all
}
