package main

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// appendMatchLine appends what is printed of an event: its number, and the
// rules that matched and those that failed, in order of name. It is written
// without reflection because there may be millions.
func appendMatchLine(b []byte, n int, ev *cloudevent.Event, found []rules.Match) []byte {
	b = strconv.AppendInt(append(b, `{"n":`...), int64(n), 10)
	b = appendText(append(b, `,"id":`...), ev.ID)
	b = appendText(append(b, `,"source":`...), ev.Source)
	b = append(b, `,"matched":[`...)
	failed, shadows := 0, 0
	for i := range found {
		if found[i].Err != nil {
			failed++
		}
		if foreshadowed(&found[i]) {
			shadows++
		}
		if selected(&found[i]) {
			b = append(appendText(b, found[i].Rule.Name), ',')
		}
	}
	b = append(withoutComma(b), ']')
	if shadows > 0 {
		b = append(b, `,"shadow":[`...)
		for i := range found {
			if foreshadowed(&found[i]) {
				b = append(appendText(b, found[i].Rule.Name), ',')
			}
		}
		b = append(withoutComma(b), ']')
	}
	if failed > 0 {
		b = append(b, `,"errors":{`...)
		for i := range found {
			if found[i].Err != nil {
				b = append(appendText(b, found[i].Rule.Name), ':')
				b = append(appendText(b, found[i].Why()), ',')
			}
		}
		b = append(withoutComma(b), '}')
	}
	return append(b, "}\n"...)
}

func withoutComma(b []byte) []byte {
	if b[len(b)-1] == ',' {
		return b[:len(b)-1]
	}
	return b
}

// appendInvalidLine appends what is printed of a line that is no event.
func appendInvalidLine(b []byte, n int, why string) []byte {
	b = strconv.AppendInt(append(b, `{"n":`...), int64(n), 10)
	b = appendText(append(b, `,"invalid":`...), why)
	return append(b, "}\n"...)
}

// selected tells whether the rule's targets are given the event: it matched, or
// it failed and says on_error: match.
func selected(m *rules.Match) bool { return says(m) && !m.Rule.Shadow() }

// foreshadowed tells whether they would be given it, were the rule no shadow.
func foreshadowed(m *rules.Match) bool { return says(m) && m.Rule.Shadow() }

func says(m *rules.Match) bool { return m.Err == nil || m.Rule.OnError == rules.OnErrorMatch }

// buried tells whether the event becomes a dead letter of the rule's targets.
func buried(m *rules.Match) bool {
	return m.Err != nil && m.Rule.OnError == rules.OnErrorDeadLetter && !m.Rule.Shadow()
}

func sortByName(found []rules.Match) {
	slices.SortFunc(found, func(a, b rules.Match) int { return strings.Compare(a.Rule.Name, b.Rule.Name) })
}

const hexDigits = "0123456789abcdef"

// appendText appends s as a JSON string. Only what must be escaped is.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if c >= utf8.RuneSelf && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		b = append(b, s[start:i]...)
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, "\uFFFD"...)
		}
		i += size
		start = i
	}
	return append(append(b, s[start:]...), '"')
}
