package format

// spaced tells whether there is a space between two words of a line.
func spaced(before, w word) bool {
	switch {
	case w.kind == celComment:
		return true
	case before.kind == opening, before.kind == prefix, before.kind == dot:
		return false
	case w.kind == closing, w.kind == comma, w.kind == mapColon:
		return false
	case w.kind == dot, w.kind == opening:
		return !before.isOperand()
	}
	return true
}

// isOperand tells whether a value ends with the word.
func (w word) isOperand() bool { return w.kind == name || w.kind == literal || w.kind == closing }

// inLine writes words behind one another.
func inLine(words []word) string {
	var out []byte
	for i, w := range words {
		if i > 0 && spaced(words[i-1], w) {
			out = append(out, ' ')
		}
		out = append(out, w.text...)
	}
	return string(out)
}
