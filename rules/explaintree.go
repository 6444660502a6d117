package rules

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

const treeStep = "    "

// tree prints a part and what is below it. With point, the part that decided
// is pointed at, because others are not true either.
func (p *explainPrinter) tree(part *ExplainedPart, indent string, point bool) {
	switch {
	case part.Kind == PartAnd && len(part.Parts) > 0:
		for _, kid := range part.Parts {
			p.tree(kid, indent, point)
		}
	case part.Kind == PartOr && len(part.Parts) > 0:
		p.marked(part, indent, alternatives(part), point)
		for _, kid := range part.Parts {
			p.group(kid, indent+treeStep)
		}
	case part.Kind == PartLoop && len(part.Elements) > 0:
		p.loop(part, indent, point)
	case part.Kind == PartChoice && len(part.Parts) > 0, part.Kind == PartNot && isComposite(part.Parts):
		text := oneLine(part.Text)
		if part.Kind == PartChoice && widthOf(text) > drawnWidth { // what stands below it need not stand in it too
			text = oneLine(part.Parts[0].Text) + " ? … : …"
		}
		p.marked(part, indent, text, point)
		for _, kid := range part.Parts {
			p.group(kid, indent+treeStep)
		}
	default:
		p.leaf(part, indent, point)
	}
}

// group prints a part below another: the terms of an && one level deeper.
func (p *explainPrinter) group(part *ExplainedPart, indent string) {
	if part.Kind == PartAnd && len(part.Parts) > 0 {
		p.marked(part, indent, "all of these:", false)
		indent += treeStep
	}
	p.tree(part, indent, failing(part) > 1)
}

func alternatives(part *ExplainedPart) string {
	switch {
	case part.Held:
		return "one of these:"
	case part.Value == nil:
		return "none of these is true:"
	}
	return "none of these:"
}

// isComposite tells whether what stands under a ! has more to show than values.
func isComposite(parts []*ExplainedPart) bool {
	if len(parts) != 1 {
		return false
	}
	kind := parts[0].Kind
	return kind == PartAnd || kind == PartOr || kind == PartChoice || kind == PartNot || kind == PartLoop && len(parts[0].Elements) > 0
}

// marked prints a line with the mark of a part.
func (p *explainPrinter) marked(part *ExplainedPart, indent, text string, point bool) {
	mark, style := "✗ ", styleRed
	switch {
	case part.Held:
		mark, style = "✓ ", styleGreen
	case part.Reason == ReasonError || part.Reason == ReasonKind && (part.Value == nil || part.Value.Type != "bool"):
		mark, style = "! ", styleYellow
	case part.Value != nil && part.Value.Type != "bool":
		mark, style = "· ", styleDim
	}
	text = printable(text)
	if part.Decided {
		text = p.paint(styleBold, text)
		if point {
			text += p.paint(styleDim, "   ← this decided")
		}
	}
	p.line(indent + p.paint(style, mark) + text)
}

// note prints the reason in words, where values do not tell it.
func (p *explainPrinter) note(part *ExplainedPart, indent string) {
	counted := part.Loop == "exists_one" || part.Loop == "existsOne"
	if part.Message == "" || part.Reason == ReasonFalse && !counted {
		return
	}
	text := part.Message
	if cited, rest, ok := strings.Cut(text, "`: "); ok {
		if cited, _ = strings.CutSuffix(cited, "…"); strings.HasPrefix("`"+oneLine(part.Text), cited) {
			text = rest
		}
	}
	p.line(indent + p.paint(styleYellow, printable(strings.ReplaceAll(text, "`", ""))))
}

// loop prints a loop with the elements that decided.
func (p *explainPrinter) loop(part *ExplainedPart, indent string, point bool) {
	first := part.Elements[0].Part
	runes := []rune(part.Text)
	head := string(runes[:min(max(first.Start-part.Start, 0), len(runes))])
	head = strings.TrimRightFunc(head, func(r rune) bool { return unicode.IsSpace(r) || r == '(' })
	if !strings.HasSuffix(head, ",") {
		head += ","
	}
	p.marked(part, indent, oneLine(head)+" …)", point)
	for _, e := range part.Elements {
		p.line(indent + treeStep + p.paint(styleDim, elementWords(e)))
		p.tree(e.Part, indent+treeStep+"  ", failing(e.Part) > 1)
	}
	if part.Reason == ReasonFalse { // what failed is told at the element
		p.note(part, indent+treeStep)
	}
	if left := part.Of - len(part.Elements); left > 0 && len(part.Elements) > 1 {
		p.line(indent + treeStep + p.paint(styleDim, fmt.Sprintf("… and %d more", left)))
	}
}

// elementWords names the element of a round: an object by its place, all else
// by its value.
func elementWords(e Element) string {
	if e.At != "" && (e.Value.Type == "object" || e.Value.Type == "list") {
		return fmt.Sprintf("%s = %s", e.Variable, e.At)
	}
	return fmt.Sprintf("%s = %s", e.Variable, shownValue(e.Value))
}

// leaf prints a part with the values of what is in it under it.
func (p *explainPrinter) leaf(part *ExplainedPart, indent string, point bool) {
	text, columns := collapse(part.Text)
	p.marked(part, indent, text, point)
	indent += "  "
	var values []valueAt
	if part.Kind == PartField && !part.Held {
		values = appendValue(values, part, part, columns)
	}
	for _, kid := range leafParts(part) {
		values = appendValues(values, part, kid, columns)
	}
	if rows := draw(slices.Clone(values)); p.fits(text, rows, widthOf(indent)) {
		for _, row := range rows {
			p.line(indent + p.paint(styleBold, row))
		}
	} else {
		for i, v := range values {
			if !slices.ContainsFunc(values[:i], func(w valueAt) bool { return w.text == v.text && w.value == v.value }) {
				p.line(indent + treeStep + v.text + " = " + p.paint(styleBold, v.value))
			}
		}
	}
	p.note(part, indent)
}

// fits tells whether values can be drawn under a text, which a terminal must
// not break for that.
func (p *explainPrinter) fits(text string, rows []string, indent int) bool {
	width := widthOf(text)
	if width > drawnWidth {
		return false
	}
	for _, row := range rows {
		width = max(width, widthOf(row))
	}
	return len(rows) == 0 || p.columns == 0 || indent+width <= p.columns
}

// leafParts are the parts of a leaf whose values are shown. What stands under a
// ! is the opposite of what the mark says, unless it is all there is.
func leafParts(part *ExplainedPart) []*ExplainedPart {
	if part.Kind == PartNot && len(part.Parts) == 1 && part.Parts[0].Kind == PartCall && len(part.Parts[0].Parts) > 0 {
		return part.Parts[0].Parts
	}
	return part.Parts
}

// appendValues adds the values of a part and of all below it.
func appendValues(values []valueAt, top, part *ExplainedPart, columns []int) []valueAt {
	values = appendValue(values, top, part, columns)
	for _, kid := range part.Parts {
		values = appendValues(values, top, kid, columns)
	}
	return values
}

func appendValue(values []valueAt, top, part *ExplainedPart, columns []int) []valueAt {
	at := anchor(part) - top.Start
	if part.Value == nil || at < 0 || at >= len(columns) {
		return values
	}
	return append(values, valueAt{columns[at], oneLine(part.Text), shownValue(*part.Value)})
}

// anchor is the character of a part under which its value stands: its first,
// or where that is the first of something inside it, what follows that.
func anchor(part *ExplainedPart) int {
	runes := []rune(part.Text)
	for _, kid := range part.Parts {
		before := string(runes[:min(max(kid.Start-part.Start, 0), len(runes))])
		if strings.Trim(before, "( \n\t") != "" {
			continue
		}
		for at := kid.End; at < part.End && at-part.Start < len(runes); at++ {
			if r := runes[at-part.Start]; !unicode.IsSpace(r) && r != ')' {
				return at
			}
		}
	}
	return part.Start + operatorAfterLiteral(part, runes)
}

// operatorAfterLiteral is where the operator of `100 - event.data.paid` stands,
// whose left side is no part: there a value would be taken for that of the 100.
func operatorAfterLiteral(part *ExplainedPart, runes []rune) int {
	if part.Kind != PartCall || len(part.Parts) == 0 {
		return 0
	}
	at := min(max(part.Parts[0].Start-part.Start, 0), len(runes)) - 1
	for at > 0 && (unicode.IsSpace(runes[at]) || runes[at] == '(') {
		at--
	}
	for at > 0 && strings.ContainsRune("+-*/%<>=!", runes[at]) && strings.ContainsRune("+-*/%<>=!", runes[at-1]) {
		at--
	}
	if at > 0 && strings.ContainsRune("+-*/%<>=!", runes[at]) {
		return at
	}
	return 0
}

// shownValue is a value in a line.
func shownValue(v Value) string {
	const limit = 60
	r := []rune(v.Text)
	if len(r) <= limit && v.Size == 0 {
		return v.Text
	}
	if len(r) > limit {
		r = append(r[:limit-1], '…')
	}
	units := map[string]string{"text": "characters", "bytes": "bytes", "list": "elements", "object": "members"}
	if v.Size == 0 || units[v.Type] == "" {
		return string(r)
	}
	return fmt.Sprintf("%s (%d %s)", string(r), v.Size, units[v.Type])
}
