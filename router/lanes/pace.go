package lanes

import (
	"time"

	"github.com/wye-events/wye/rules"
)

// pace is how fast a target gets events: as its rate allows, and slower after
// it said that it is too fast (429). Then its speed is halved, and grows again by
// a fixed step as long as it says nothing more (additive increase,
// multiplicative decrease), which is how many senders come to share a receiver.
// It holds no clock.
type pace struct {
	limit  float64 // by the policy, events/s; 0: none
	burst  float64
	tokens float64
	at     time.Time // of tokens

	slowed float64 // events/s since it was too fast; 0: it is not slowed
	step   float64 // by which slowed grows, events/s each second
	cut    time.Time
	grown  time.Time

	// How many events it took in this second and in the one before.
	second    time.Time
	taken     float64
	takenLast float64
}

const (
	slowest  = 1.0 // events/s
	cutAgain = time.Second
	stepPart = 20                     // the step is a twentieth of the speed at which it was too fast
	freeAt   = 4                      // times the speed at which it was too fast: from there on it is not slowed
	tokenLag = 250 * time.Millisecond // of tokens that a slowed target may use at once
)

// set takes in a target's rate.
func (p *pace) set(r *rules.Rate, now time.Time) {
	p.limit, p.burst = 0, 0
	if r != nil {
		p.limit, p.burst = r.PerSecond, float64(max(r.Burst, 1))
	}
	p.tokens, p.at = p.burst, now
}

// rate is the speed in force, 0 for none, and how much may come at once.
func (p *pace) rate() (perSecond, burst float64) {
	perSecond, burst = p.limit, p.burst
	if p.slowed > 0 && (p.limit == 0 || p.slowed < p.limit) {
		perSecond = p.slowed
		burst = max(1, p.slowed*tokenLag.Seconds())
		if p.limit > 0 {
			burst = min(burst, p.burst)
		}
	}
	return perSecond, burst
}

// room is how many of n events may go now.
func (p *pace) room(n int, now time.Time) int {
	p.grow(now)
	perSecond, burst := p.rate()
	if perSecond == 0 {
		return n
	}
	p.fill(perSecond, burst, now)
	return min(n, int(p.tokens+tiny))
}

// tiny is what rounding may take from a token.
const tiny = 1e-6

func (p *pace) fill(perSecond, burst float64, now time.Time) {
	if d := now.Sub(p.at); d > 0 {
		p.tokens += d.Seconds() * perSecond
		p.at = now
	}
	p.tokens = min(p.tokens, burst)
}

// take counts n events that go now.
func (p *pace) take(n int, now time.Time) {
	if perSecond, _ := p.rate(); perSecond > 0 {
		p.tokens -= float64(n)
	}
	p.count(now)
	p.taken += float64(n)
}

// count begins a new second of the count.
func (p *pace) count(now time.Time) {
	switch d := now.Sub(p.second); {
	case d >= 2*time.Second || p.second.IsZero():
		p.second, p.taken, p.takenLast = now, 0, 0
	case d >= time.Second:
		p.second, p.takenLast, p.taken = p.second.Add(time.Second), p.taken, 0
	}
}

// next is when the next event may go; zero: now.
func (p *pace) next(now time.Time) time.Time {
	perSecond, burst := p.rate()
	if perSecond == 0 {
		return time.Time{}
	}
	p.fill(perSecond, burst, now)
	if p.tokens >= 1-tiny {
		return time.Time{}
	}
	return now.Add(time.Duration((1 - p.tokens) / perSecond * float64(time.Second)))
}

// tooFast halves the speed, because of a request that began at a time. It grows
// again after the pause that was asked for: a target that gets nothing does not
// show that it can take more. Answers to what was under way at a cut are no reason
// for a second one.
func (p *pace) tooFast(began, now time.Time, pause time.Duration) {
	if !p.cut.IsZero() && (now.Sub(p.cut) < cutAgain || !began.After(p.cut)) {
		p.grown = later(p.grown, now.Add(pause))
		return
	}
	p.count(now)
	speed := max(p.taken, p.takenLast)
	if perSecond, _ := p.rate(); perSecond > 0 {
		speed = min(speed, perSecond)
	}
	p.slowed = max(speed/2, slowest)
	p.step = max(speed/stepPart, slowest)
	p.cut, p.grown = now, now.Add(pause)
	p.tokens = min(p.tokens, 1)
}

// grow lets a slowed target go faster again, until its limit, or what it can
// take by itself, is all that bounds it.
func (p *pace) grow(now time.Time) {
	if p.slowed == 0 {
		return
	}
	for now.Sub(p.grown) >= time.Second {
		p.grown = p.grown.Add(time.Second)
		p.slowed += p.step
		if p.limit > 0 && p.slowed >= p.limit || p.slowed >= freeAt*stepPart*p.step {
			p.slowed = 0
			return
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
