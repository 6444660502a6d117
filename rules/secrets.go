package rules

import (
	"strings"
)

// notShown stands where a credential seems to be.
const notShown = "(not shown)"

// WithoutSecrets is the text of a rule file as it may be shown to anybody: where a
// credential seems to be written into a line, the rest of the line is not shown. It
// tells in how many lines that is so.
func WithoutSecrets(text []byte) (shown []byte, lines int) {
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		body := strings.TrimRight(line, "\r\n")
		safe := maskSecret(body)
		if safe != body {
			lines++
		}
		b.WriteString(safe)
		b.WriteString(line[len(body):])
	}
	return []byte(b.String()), lines
}

func maskSecret(line string) string {
	line = secretURL.ReplaceAllString(line, "://"+notShown+"@")
	for _, m := range secretKey.FindAllStringIndex(line, -1) {
		value := line[m[1]:]
		if value != "" && !strings.HasPrefix(value, "${") && !strings.HasPrefix(value, "#") {
			return line[:m[1]] + notShown
		}
	}
	return line
}
