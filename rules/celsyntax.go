package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/google/cel-go/common"
)

// syntaxFaults says why a condition is no expression. One fault is told: after
// the first, a parser only guesses.
func syntaxFaults(text string, errs []*common.Error) []fault {
	tokens := lexCondition(text)
	for i := range tokens {
		if f, found := misspelling(tokens, i); found {
			return []fault{f}
		}
	}
	if f, found := unbalanced(tokens); found {
		return []fault{f}
	}
	return []fault{parserFault(text, tokens, errs[0])}
}

// misspelling recognises what people write who come from another language.
func misspelling(tokens []celToken, i int) (fault, bool) {
	t := tokens[i]
	at := func(message, hint string) (fault, bool) {
		return fault{codeCELSyntax, t.start, message, hint}, true
	}
	switch {
	case t.kind == celText && t.unclosed:
		return at("this text is not closed", fmt.Sprintf("end it with %c", closingQuote(t.text)))
	case t.kind == celText:
		if offset, escape, bad := badEscape(t.text); bad {
			return fault{codeCELSyntax, t.start + offset, fmt.Sprintf("%s is no escape in a text", escape),
				"write \\\\ for a backslash, or put r before the quote: r\"\\d+\""}, true
		}
	case t.text == "===", t.text == "!==":
		return at(t.text+" does not exist in CEL", "write "+t.text[:2])
	case t.text == "<>":
		return at("<> does not exist in CEL", "write != for \"is not\"")
	case t.kind == celNothing:
		return strangeCharacter(t)
	case t.kind == celName && operandEnds(tokens, i-1) && operandBegins(tokens, i+1):
		if symbol := wordOperators[strings.ToLower(t.text)]; symbol != "" {
			return at(fmt.Sprintf("%s is no operator in CEL", t.text), "write "+symbol)
		}
	case t.kind == celName && strings.EqualFold(t.text, "not") && !operandEnds(tokens, i-1) && operandBegins(tokens, i+1):
		return at(t.text+" is no operator in CEL", "write !")
	}
	if t.kind == celName && i > 0 && tokens[i-1].text == "." && reservedFields[t.text] {
		return at(fmt.Sprintf("%s is a word of CEL and cannot follow a dot", t.text), fmt.Sprintf("write [%q] instead of .%s", t.text, t.text))
	}
	return fault{}, false
}

var wordOperators = map[string]string{
	"and": "&&", "or": "||", "is": "==", "eq": "==", "equals": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<=",
	"contains": "it as a call: text.contains(\"part\")", "matches": "it as a call: text.matches(\"pattern\")",
	"like": "text.contains(\"part\"), text.startsWith(\"part\") or text.matches(\"pattern\")",
	"not":  "!(x in list) for \"not in\"",
}

var reservedFields = map[string]bool{"in": true, "true": true, "false": true, "null": true}

func operandEnds(tokens []celToken, i int) bool {
	if i < 0 {
		return false
	}
	t := tokens[i]
	return t.kind == celText || t.kind == celNumber || t.kind == celShut || t.kind == celName && t.text != "in"
}

func operandBegins(tokens []celToken, i int) bool {
	if i >= len(tokens) {
		return false
	}
	t := tokens[i]
	return t.kind == celText || t.kind == celNumber || t.kind == celName || t.text == "(" || t.text == "[" || t.text == "!" || t.text == "-"
}

func strangeCharacter(t celToken) (fault, bool) {
	f := fault{code: codeCELSyntax, offset: t.start}
	switch t.text {
	case "=":
		f.message, f.hint = "= alone does not exist in CEL", "write == to compare"
	case "&":
		f.message, f.hint = "& alone does not exist in CEL", "write && for \"and\""
	case "|":
		f.message, f.hint = "| alone does not exist in CEL", "write || for \"or\""
	case "“", "”", "„", "‘", "’", "«", "»", "`":
		f.message, f.hint = t.text+" does not begin a text", "write \" or '"
	case ";":
		f.message, f.hint = "; has no meaning in a condition", "remove it; conditions are joined with && and ||"
	default:
		f.message, f.hint = fmt.Sprintf("the character %s has no meaning here", quote(t.text)),
			"put texts in quotes, and field names with such characters in brackets: event.data[\"größe\"]"
	}
	return f, true
}

func closingQuote(text string) rune {
	for _, r := range text {
		if r == '"' || r == '\'' {
			return r
		}
	}
	return '"'
}

// badEscape finds an escape in a text that CEL does not know.
func badEscape(text string) (offset int, escape string, bad bool) {
	if prefix, _, _ := strings.Cut(text, string(closingQuote(text))); strings.ContainsAny(prefix, "rR") {
		return 0, "", false
	}
	runes := []rune(text)
	for i := 0; i+1 < len(runes); i++ {
		if runes[i] != '\\' {
			continue
		}
		if !strings.ContainsRune("abfnrtv\\?\"'`xXuU0123", runes[i+1]) {
			return i, string(runes[i : i+2]), true
		}
		i++
	}
	return 0, "", false
}

func unbalanced(tokens []celToken) (fault, bool) {
	closing := map[string]string{"(": ")", "[": "]", "{": "}"}
	var open []celToken
	for _, t := range tokens {
		switch t.kind {
		case celOpen:
			open = append(open, t)
		case celShut:
			if len(open) == 0 {
				return fault{codeCELSyntax, t.start, fmt.Sprintf("this %s closes nothing", t.text), "remove it, or open it before"}, true
			}
			last := open[len(open)-1]
			if closing[last.text] != t.text {
				return fault{codeCELSyntax, t.start, fmt.Sprintf("%s closes a %s here", t.text, last.text), "write " + closing[last.text]}, true
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return fault{}, false
	}
	last := open[len(open)-1]
	return fault{codeCELSyntax, last.start, fmt.Sprintf("this %s is never closed", last.text), "add " + closing[last.text]}, true
}

var parserReserved = regexp.MustCompile(`^reserved identifier: (\w+)`)

// parserFault puts what the parser says into plain words.
func parserFault(text string, tokens []celToken, err *common.Error) fault {
	offset := offsetOf(text, err.Location)
	f := fault{code: codeCELSyntax, offset: offset}
	message := err.Message
	switch {
	case strings.Contains(message, "recursion"), strings.Contains(message, "lookahead limit"), strings.Contains(message, "code point size"):
		f.code, f.offset = codeCELBounds, 0
		f.message, f.hint = "the condition is nested too deep", "split it into two rules"
	case strings.Contains(message, "invalid argument to has()"):
		f.message, f.hint = "has() asks for a field by its name after a dot",
			"write has(event.data.field); for a key in brackets write \"key\" in event.data"
	case strings.Contains(message, "must be a simple name"):
		f.message, f.hint = "the first argument of exists, all, map and filter is a new name for each element",
			"for example event.data.items.exists(i, i.price > 100)"
	case strings.Contains(message, "invalid int literal"), strings.Contains(message, "invalid uint literal"):
		f.message, f.hint = "this number is too large for a whole number", "from 9223372036854775808 on write a u behind it (at most 18446744073709551615u), or .0"
	case strings.Contains(message, "invalid double literal"):
		f.message = "this number is too large"
	case parserReserved.MatchString(message):
		f.message = fmt.Sprintf("%s is a reserved word and cannot be used as a name", parserReserved.FindStringSubmatch(message)[1])
		f.hint = "a choice is written condition ? one : other"
	default:
		f.message, f.hint = unexpected(text, tokens, offset, message)
	}
	return f
}

func unexpected(text string, tokens []celToken, offset int, message string) (plain, hint string) {
	if strings.Contains(message, "expecting ':'") {
		return "the choice ? has no : with its other outcome", "write condition ? one : other"
	}
	before, at := around(tokens, offset)
	switch {
	case strings.TrimSpace(text) == "":
		return "the condition is empty", "leave `when` out to take every event of the type"
	case strings.Contains(message, "'<EOF>' expecting") && before != "":
		return fmt.Sprintf("the condition ends after %s, where something must follow", before), ""
	case strings.Contains(message, "expecting <EOF>") && at != "":
		return fmt.Sprintf("%s is not expected here", at), "between two values there is an operator, such as && or =="
	case at != "" && before != "":
		return fmt.Sprintf("%s cannot follow %s", at, before), "a value is missing between them, or one of them is too many"
	case at != "":
		return fmt.Sprintf("a condition cannot begin with %s", at), ""
	}
	return "the condition cannot be understood from here on", ""
}

// around are the words before and at an offset.
func around(tokens []celToken, offset int) (before, at string) {
	for _, t := range tokens {
		switch {
		case t.end <= offset:
			before = t.text
		case t.start <= offset:
			at = t.text
		case at == "" && t.start > offset:
			return before, t.text
		}
	}
	return before, at
}

// offsetOf counts the characters of a condition up to a location in it.
func offsetOf(text string, l common.Location) int {
	runes := []rune(text)
	line := 1
	for i, r := range runes {
		if line == l.Line() {
			return min(i+max(l.Column(), 0), len(runes))
		}
		if r == '\n' {
			line++
		}
	}
	return len(runes)
}
