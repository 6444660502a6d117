package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// leastSample is one event in a million: less cannot be told from a mistake.
const leastSample = 0.000001

// untilPattern is the form of a time with a zone, or of a date.
const untilPattern = `^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])` +
	`([Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?([Zz]|[-+]([01][0-9]|2[0-3]):[0-5][0-9]))?$`

var untilExpr = regexp.MustCompile(untilPattern)

// rollout reads how carefully a rule is rolled out.
func (p *parser) rollout(r *parsedRule, entries map[string]entry) {
	if e, ok := entries["mode"]; ok {
		p.mode(e.value, &r.Mode)
	}
	if e, ok := entries["sample"]; ok {
		p.sample(e.value, &r.Sample)
	}
	if e, ok := entries["until"]; ok {
		r.until = e.value
		p.until(e.value, &r.Until)
	}
}

func (p *parser) mode(n *yaml.Node, into *Mode) {
	words := []string{string(ModeLive), string(ModeShadow)}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && contained(words, n.Value) {
		*into = Mode(n.Value)
		return
	}
	p.report(n, codeMode, fmt.Sprintf("mode of %s is %s, which it cannot be", p.what, kindOf(n)), hintNearest(n.Value, words, "it can be"))
}

func (p *parser) sample(n *yaml.Node, into *float64) {
	tag := n.ShortTag()
	if n.Kind == yaml.ScalarNode && (tag == "!!int" || tag == "!!float") {
		if v, ok := share(n.Value); ok {
			*into = v
			return
		}
	}
	p.report(n, codeSample, fmt.Sprintf("sample of %s is %s; it must be a number above 0 and up to 1", p.what, kindOf(n)), sampleHint(n))
}

// share reads a sample.
func share(text string) (float64, bool) {
	if !decimalExpr.MatchString(text) {
		return 0, false
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && v >= leastSample && v <= 1
}

// sampleHint tells what was probably meant.
func sampleHint(n *yaml.Node) string {
	const hint = "the share of the events that the rule takes: 0.05 is 5 %"
	if n.Kind != yaml.ScalarNode {
		return hint
	}
	text := strings.Replace(strings.TrimSpace(n.Value), ",", ".", 1)
	number, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	switch {
	case err != nil || v < 0 || v > 100:
		return hint
	case v == 0:
		return "a rule that is to match nothing has `enabled: false`; one that is to be counted and to deliver nothing has `mode: shadow`"
	case percent || v > 1:
		return fmt.Sprintf("for %s %% write %s", plainNumber(v), plainNumber(v/100))
	case v < leastSample:
		return "the least is 0.000001, one event in a million"
	}
	return fmt.Sprintf("write it as a number: %s", plainNumber(v))
}

// plainNumber writes a number as people do.
func plainNumber(v float64) string {
	text := strings.TrimRight(strconv.FormatFloat(v, 'f', 8, 64), "0")
	return strings.TrimSuffix(text, ".")
}

func (p *parser) until(n *yaml.Node, into *time.Time) {
	tag := n.ShortTag()
	if n.Kind == yaml.ScalarNode && (tag == "!!str" || tag == "!!timestamp") {
		if at, ok := untilOf(n.Value); ok {
			*into = at
			return
		}
	}
	p.report(n, codeUntil, fmt.Sprintf("until of %s is %s; it must be a time with a zone, or a date", p.what, kindOf(n)), untilHint(n))
}

// untilOf reads a time, or a date, which is the beginning of that day in UTC.
func untilOf(text string) (time.Time, bool) {
	if !untilExpr.MatchString(text) {
		return time.Time{}, false
	}
	if len(text) == len(time.DateOnly) {
		text += "T00:00:00Z"
	}
	at, err := cloudevent.ParseTime(text)
	return at.UTC(), err == nil
}

// untilHint tells what was probably meant: a zone is forgotten most easily.
func untilHint(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		text := strings.Replace(strings.TrimSpace(n.Value), " ", "T", 1)
		for _, end := range []string{"Z", ":00Z"} {
			if _, ok := untilOf(text + end); ok && len(text) > len(time.DateOnly) {
				return fmt.Sprintf("a Z at the end says that it is UTC: %s", text+end)
			}
		}
		if _, ok := untilOf(text); ok {
			return fmt.Sprintf("write it as %s", text)
		}
	}
	return "write it like 2027-01-31T12:00:00Z or 2027-01-31T12:00:00+01:00; 2027-01-31 means 00:00 UTC of that day"
}

// Over warns of every enabled rule whose until has passed at that time. What it
// says changes with the time and not with the files, so loading does not say it.
func (s *Ruleset) Over(now time.Time) (problems Problems) {
	files := map[string]map[string]*parsedRule{}
	for _, r := range s.Rules {
		if !r.Enabled || r.State(now) != PartOver {
			continue
		}
		if files[r.Place.text] == nil { // one that was kept over a change is of an older text of its file
			files[r.Place.text] = rulesByName(r.Place)
		}
		p := files[r.Place.text][r.Name]
		problem := p.file.problem(placeOf(p.until), codeOver,
			fmt.Sprintf("rule %q is over: it matches nothing that was accepted since %s", r.Name, r.Until.Format(time.RFC3339)),
			"remove the rule; or let it go on: give it another `until`, or none")
		problem.Severity, problem.Rule = Warning, r.Name
		problems = append(problems, problem)
	}
	return problems.bounded()
}

// rulesByName reads the file of a place again, to point into it.
func rulesByName(p Place) map[string]*parsedRule {
	out, _ := parseFile(fileOf(p.File, p.text))
	rules := make(map[string]*parsedRule, len(out.rules))
	for i := range out.rules {
		rules[out.rules[i].Name] = &out.rules[i]
	}
	return rules
}
