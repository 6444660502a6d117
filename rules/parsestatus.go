package rules

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// undelivered are the meanings of a status that is no answer to an event.
var undelivered = []string{
	string(StatusRetry), string(StatusBriefly), string(StatusSlowDown), string(StatusDeadLetter), string(StatusPause),
}

var statusMeanings = append([]string{string(StatusDelivered)}, undelivered...)

// statusPattern is the form of a status, or a class of them, of which the first
// digit is one of those given.
func statusPattern(first string) string { return "^[" + first + "]([0-9][0-9]|xx)$" }

var statusExpr = regexp.MustCompile(statusPattern("1-5"))

// onStatus reads what answers mean. Rows of one status come before those of a
// class, which holds them too.
func (p *parser) onStatus(n *yaml.Node) (rows []StatusRow) {
	outer := p.what
	p.what = "on_status of " + outer
	defer func() { p.what = outer }()
	for _, e := range p.entries(n, "a mapping from statuses to what they mean") {
		status := e.key.Value
		if !statusExpr.MatchString(status) {
			p.report(e.key, codeStatus, fmt.Sprintf("%s has the key %s, which is not a status", p.what, quote(status)), hintStatus(status))
			continue
		}
		then, ok := p.oneOf(status, e.value, statusMeanings...)
		if ok && then == string(StatusDelivered) && strings.ContainsAny(status[:1], "13") {
			p.report(e.value, codeStatus, fmt.Sprintf("%s of %s cannot mean delivered: it is no answer to the event", status, p.what), whyNoAnswer[status[0]])
			continue
		}
		if ok {
			rows = append(rows, statusRow(status, StatusMeaning(then)))
		}
	}
	slices.SortFunc(rows, func(a, b StatusRow) int {
		return cmp.Or(cmp.Compare(a.To-a.From, b.To-b.From), cmp.Compare(a.From, b.From))
	})
	return rows
}

var whyNoAnswer = map[byte]string{
	'1': "after it the receiver has not said yet whether it has the event",
	'3': "redirects are never followed; write the address that they lead to as the url",
}

func hintStatus(key string) string {
	if lower := strings.ToLower(strings.ReplaceAll(key, "*", "x")); lower != key && statusExpr.MatchString(lower) {
		return "write " + lower
	}
	return "a status from 100 to 599, such as 404, or a class of them, such as 5xx"
}

func statusRow(status string, then StatusMeaning) StatusRow {
	if n, err := strconv.Atoi(status); err == nil {
		return StatusRow{From: n, To: n, Then: then}
	}
	class := int(status[0]-'0') * 100
	return StatusRow{From: class, To: class + 99, Then: then}
}
