package rules

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// targets looks for targets that nothing is sent to, and for those that send
// back to Wye what it sends to them.
func (f *finder) targets() {
	if len(f.set.Rules) == 0 { // a part of a set
		return
	}
	used := map[string][]*Rule{}
	for _, r := range f.set.Rules {
		for _, to := range r.To {
			used[to] = append(used[to], r)
		}
	}
	for i := range f.set.Targets {
		t := &f.set.Targets[i]
		if used[t.Name] == nil {
			f.unused(t)
		}
		if t.HTTP != nil && f.isOwn(t.HTTP.URL) {
			for _, r := range used[t.Name] {
				f.cycle(r, t)
			}
		}
	}
	f.secrets()
}

func (f *finder) unused(t *Target) {
	for _, file := range f.set.files {
		if !slices.ContainsFunc(file.targets, func(one Target) bool { return one.Name == t.Name }) {
			continue
		}
		in := f.files[file.name].read()
		p := in.lines.problem(placeOf(in.byName[t.Name].key), codeUnused,
			fmt.Sprintf("no rule sends to target %q", t.Name), "remove it, or name it under `to` of a rule")
		p.Severity = Warning
		f.add(p)
		return
	}
}

// ownIngest is where Wye takes events unless it is told otherwise.
const (
	ownPort = "8080"
	ownPath = "/events"
)

// isOwn tells whether a URL is where Wye itself takes events. Streams and queues
// are not read by it, and what it reads from NATS cannot be a target.
func (f *finder) isOwn(target string) bool {
	u, err := url.Parse(target)
	if err != nil || strings.TrimSuffix(u.Path, "/") != ownPath || u.Port() != ownPort {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return strings.EqualFold(u.Hostname(), "localhost") || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// cycle tells of a rule that gets back what it sends: an event is delivered as
// it came, so what matched once matches again.
func (f *finder) cycle(r *Rule, t *Target) {
	if !r.Enabled || r.Mode == ModeShadow {
		return
	}
	parsed := f.of(r)
	at := placeOf(parsed.key)
	if i := slices.Index(r.To, t.Name); i >= 0 && i < len(parsed.to) {
		at = placeOf(parsed.to[i])
	}
	f.add(f.at(r, at, codeCycle, Warning,
		fmt.Sprintf("target %q is where Wye itself takes events (%s): what rule %q sends there comes back to it and matches again", t.Name, t.HTTP.URL, r.Name),
		"send it to another service; a rule reaches several targets by naming them under `to`"))
}
