package rules

import (
	"fmt"
	"math"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// The bounds of what a target can be set to.
const (
	maxConcurrency = 1024
	maxAttempts    = 1000
	maxFailures    = 1000

	// leastRate is about one event a day: what is less cannot be told from a
	// mistake, and waits longer than a duration can be.
	leastRate, maxRate = 0.00001, 1_000_000
	maxBurst           = 1_000_000

	leastBatch, maxBatch           = 2, 1000
	leastBatchBytes, maxBatchBytes = 1 << 10, 64 << 20
	maxBatchWait                   = time.Minute
)

func defaultRetry() Retry {
	return Retry{Attempts: maxAttempts, First: time.Second, Max: 5 * time.Minute, Factor: 2, GiveUp: 24 * time.Hour}
}

// defaultBreaker leaves a target alone for as long as its retries wait, but not
// for so long that its return would be noticed late.
func defaultBreaker(r Retry) Breaker {
	longest := min(r.Max, maxBreakerWait)
	return Breaker{Failures: 5, Ratio: 0.5, Over: 30 * time.Second, First: min(r.First, longest), Max: longest}
}

const maxBreakerWait = 30 * time.Second

func defaultBatch() Batch {
	return Batch{MaxEvents: 100, MaxBytes: 1 << 20, MaxWait: 100 * time.Millisecond}
}

// policy reads how a target gets its events.
func (p *parser) policy(t *parsedTarget, entries map[string]entry) {
	t.Retry, t.Concurrency = defaultRetry(), defaultConcurrency
	t.OnExpired = OnExpiredDeadLetter
	p.setWhole(entries, "concurrency", &t.Concurrency, 1, maxConcurrency)
	if e, ok := entries["retry"]; ok {
		p.retry(e.value, &t.Retry)
	}
	t.Breaker = defaultBreaker(t.Retry)
	if e, ok := entries["rate"]; ok {
		t.Rate = p.rate(e)
	}
	if e, ok := entries["breaker"]; ok {
		p.breaker(e.value, &t.Breaker)
	}
	if e, ok := entries["order"]; ok {
		t.Order, t.by = p.order(e)
	}
	if e, ok := entries["batch"]; ok {
		t.Batch = p.batch(e.value)
		p.batchFits(e.key, t)
	}
	if e, ok := entries["on_expired"]; ok {
		if v, ok := p.oneOf("on_expired", e.value, string(OnExpiredDeadLetter), string(OnExpiredDrop)); ok {
			t.OnExpired = OnExpired(v)
		}
	}
}

func (p *parser) retry(n *yaml.Node, r *Retry) {
	p.inside("retry", n, keysOf(retryShape{}), func(entries map[string]entry) {
		p.setWhole(entries, "attempts", &r.Attempts, 1, maxAttempts)
		p.setDecimal(entries, "factor", &r.Factor, 1, 10)
		p.setDuration(entries, "give_up", &r.GiveUp)
		p.waits(entries, &r.First, &r.Max)
	})
}

// waits reads the first wait and the longest, and refuses a first beyond the
// longest; where only one of them is written, the other, a default, follows it.
func (p *parser) waits(entries map[string]entry, first, most *time.Duration) {
	p.setDuration(entries, "first", first)
	p.setDuration(entries, "max", most)
	if *first <= *most {
		return
	}
	_, hasFirst := entries["first"]
	_, hasMax := entries["max"]
	switch {
	case hasFirst && hasMax:
		p.report(entries["first"].value, codeValue,
			fmt.Sprintf("first of %s is longer than max, the longest wait", p.what), "make first at most max")
	case hasFirst:
		*most = *first
	default:
		*first = *most
	}
}

func (p *parser) breaker(n *yaml.Node, b *Breaker) {
	p.inside("breaker", n, keysOf(breakerShape{}), func(entries map[string]entry) {
		p.setWhole(entries, "failures", &b.Failures, 1, maxFailures)
		p.setDecimal(entries, "ratio", &b.Ratio, 0, 1)
		p.setDuration(entries, "over", &b.Over)
		p.waits(entries, &b.First, &b.Max)
	})
}

// rate reads a number, or a mapping; nil where it is neither.
func (p *parser) rate(e entry) *Rate {
	r := &Rate{}
	if e.value.Kind == yaml.ScalarNode {
		v, ok := p.decimal("rate", e.value, leastRate, maxRate)
		if !ok {
			return nil
		}
		r.PerSecond = v
	} else {
		p.inside("rate", e.value, keysOf(rateShape{}), func(entries map[string]entry) {
			if _, ok := entries["per_second"]; !ok {
				p.missing(e.key, "per_second", "per_second: 100")
			}
			p.setDecimal(entries, "per_second", &r.PerSecond, leastRate, maxRate)
			p.setWhole(entries, "burst", &r.Burst, 1, maxBurst)
		})
	}
	if r.Burst == 0 {
		r.Burst = max(1, int(math.Ceil(r.PerSecond)))
	}
	return r
}

// order reads a key, or a mapping that has one. The node is that of the key;
// nil where there is none that could be compiled.
func (p *parser) order(e entry) (o *Order, by *yaml.Node) {
	o = &Order{OnPoison: OnPoisonPark}
	if e.value.Kind == yaml.ScalarNode {
		by = p.orderKey("order", e.value, o)
		return o, by
	}
	p.inside("order", e.value, keysOf(orderShape{}), func(entries map[string]entry) {
		if key, ok := entries["by"]; ok {
			by = p.orderKey("by", key.value, o)
		} else {
			p.missing(e.key, "by", "by: event.subject")
		}
		if e, ok := entries["on_poison"]; ok {
			if v, ok := p.oneOf("on_poison", e.value, string(OnPoisonPark), string(OnPoisonBlock), string(OnPoisonSkip)); ok {
				o.OnPoison = OnPoison(v)
			}
		}
	})
	return o, by
}

func (p *parser) orderKey(key string, n *yaml.Node, o *Order) *yaml.Node {
	text, ok := p.text(key, n, "event.subject")
	if !ok {
		return nil
	}
	if strings.TrimSpace(text) == "" {
		p.report(n, codeValue, fmt.Sprintf("%s of %s is empty", key, p.what), "for example `"+key+": event.subject`")
		return nil
	}
	o.By, o.Place = text, Place{File: p.file.name, Line: n.Line, Column: n.Column}
	return n
}

func (p *parser) batch(n *yaml.Node) *Batch {
	b := defaultBatch()
	p.inside("batch", n, keysOf(batchShape{}), func(entries map[string]entry) {
		p.setWhole(entries, "max_events", &b.MaxEvents, leastBatch, maxBatch)
		if e, ok := entries["max_bytes"]; ok {
			if v, ok := p.size("max_bytes", e.value, leastBatchBytes, maxBatchBytes); ok {
				b.MaxBytes = v
			}
		}
		p.setDuration(entries, "max_wait", &b.MaxWait)
		if b.MaxWait > maxBatchWait {
			p.report(entries["max_wait"].value, codeValue, fmt.Sprintf("max_wait of %s is longer than a minute", p.what), "at most 1m: every event waits so long for others")
		}
	})
	return &b
}

// batchFits refuses a batch that the target cannot get.
func (p *parser) batchFits(key *yaml.Node, t *parsedTarget) {
	switch {
	case t.HTTP == nil && (t.Queue != nil || t.Stream != nil):
		p.report(key, codeMisfit, fmt.Sprintf("%s has a batch; only an http target gets events in batches", p.what),
			"remove it; what reads a queue or a stream takes as many at once as it wants")
	case t.HTTP != nil && t.format != nil && t.HTTP.Format == "binary":
		p.report(t.format, codeMisfit, fmt.Sprintf("%s has a batch, which is one JSON document; its format cannot be binary", p.what),
			"remove the format, or write structured")
	case t.HTTP != nil:
		t.HTTP.Format = "structured"
	}
}
