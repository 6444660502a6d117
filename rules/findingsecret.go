package rules

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// tokenShape is what credentials of one kind look like.
type tokenShape struct {
	what  string
	signs []string // one of them is in every such credential
	expr  *regexp.Regexp
}

// tokenShapes are credentials that are known by how they look.
var tokenShapes = []tokenShape{
	{"an AWS access key", []string{"AKIA", "ASIA"}, regexp.MustCompile(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`)},
	{"a GitHub token", []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, regexp.MustCompile(`\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{50,})`)},
	{"a GitLab token", []string{"glpat-"}, regexp.MustCompile(`\bglpat-[0-9A-Za-z_-]{20,}`)},
	{"a Slack token", []string{"xox"}, regexp.MustCompile(`\bxox[abeoprs]-[0-9A-Za-z-]{10,}`)},
	{"the address of a Slack webhook", []string{"hooks.slack.com"}, regexp.MustCompile(`\bhooks\.slack\.com/services/T[0-9A-Z]+/B[0-9A-Z]+/[0-9A-Za-z]{16,}`)},
	{"a Stripe key", []string{"k_live_", "whsec_"}, regexp.MustCompile(`\b(?:sk|rk)_live_[0-9A-Za-z]{16,}|\bwhsec_[0-9A-Za-z+/]{24,}`)},
	{"a Google API key", []string{"AIza"}, regexp.MustCompile(`\bAIza[0-9A-Za-z_-]{35}\b`)},
	{"a SendGrid key", []string{"SG."}, regexp.MustCompile(`\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}`)},
	{"an npm token", []string{"npm_"}, regexp.MustCompile(`\bnpm_[0-9A-Za-z]{36}\b`)},
	{"a JSON Web Token", []string{"eyJ"}, regexp.MustCompile(`\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}`)},
	{"a private key", []string{"PRIVATE KEY"}, regexp.MustCompile(`-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----`)},
	{"a password in a URL", []string{"://"}, regexp.MustCompile(`\b[a-z][a-z0-9+.-]*://[^\s/?#@:"']*:[^\s/?#@"'$]+@`)},
}

// find is where such a credential stands in a text, nil where none does.
func (s *tokenShape) find(text string) []int {
	if !slices.ContainsFunc(s.signs, func(sign string) bool { return strings.Contains(text, sign) }) {
		return nil
	}
	return s.expr.FindStringIndex(text)
}

// withoutTokens is a text with what looks like a credential cut out of it.
func withoutTokens(text string) string {
	for i := range tokenShapes {
		if shape := &tokenShapes[i]; shape.find(text) != nil {
			text = shape.expr.ReplaceAllString(text, "…")
		}
	}
	return text
}

const secretHint = "keep it out of the file: put it into an environment variable and write ${env:NAME} in its place, or ${file:/path} for a file; and have a new one made, for this one has been seen"

// secrets looks for credentials in the files. They are never shown.
func (f *finder) secrets() {
	for _, file := range f.set.files {
		if !mayHoldSecret(file) {
			continue
		}
		in := f.files[file.name].read()
		for number, line := range in.lines.lines {
			for i := range tokenShapes {
				shape := &tokenShapes[i]
				if at := shape.find(line); at != nil {
					f.secret(in, place{number + 1, 1 + len([]rune(line[:at[0]]))}, "this looks like "+shape.what+" that is written into the file")
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(in.byName)) {
			f.headerSecrets(in, in.byName[name])
		}
	}
}

// mayHoldSecret is a quick look at whether a file is worth a long one.
func mayHoldSecret(file *loadedFile) bool {
	return slices.ContainsFunc(file.targets, func(t Target) bool { return t.HTTP != nil }) ||
		slices.ContainsFunc(tokenShapes, func(shape tokenShape) bool { return shape.find(file.text) != nil })
}

func (f *finder) secret(in *foundFile, at place, message string) {
	p := in.lines.problem(at, codeCredential, message, secretHint)
	p.Severity, p.Source = Warning, ""
	f.add(p)
}

// keyLike are names of headers that hold something secret, as a rule.
var keyLike = regexp.MustCompile(`auth|key|token|secret|session|signature|credential|bearer|passw`)

// headerSecrets looks at values that no one makes up by hand, in headers whose
// names say what they are for. Those that loading told of already are left out.
func (f *finder) headerSecrets(in *foundFile, t *parsedTarget) {
	for _, h := range t.headers {
		name := strings.ToLower(h.key.Value)
		if !keyLike.MatchString(name) || isCredential(name) || !isRandom(h.value.Value) {
			continue
		}
		f.secret(in, placeOf(h.value), fmt.Sprintf("the value of the header %s of target %q looks like a credential that is written into the file", name, t.Name))
	}
}

// isRandom tells whether a text has a word that is long and in no order, as keys
// are and words are not.
func isRandom(text string) bool {
	const long, bits = 20, 3.5
	for _, word := range strings.Fields(text) {
		if len(word) >= long && !strings.Contains(word, "${") && strings.ContainsFunc(word, unicode.IsDigit) &&
			strings.ContainsFunc(word, unicode.IsLetter) && !strings.ContainsAny(word, "/.") && entropy(word) >= bits {
			return true
		}
	}
	return false
}

// entropy is that of the bytes of a text, in bits each.
func entropy(text string) float64 {
	var counts [256]int
	for i := range len(text) {
		counts[text[i]]++
	}
	sum := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(text))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

// headerNodes are the entries of a target's headers, in the tree of its file.
func headerNodes(http *yaml.Node) (all []entry) {
	headers := nodeUnder(http, "headers")
	if headers == nil || headers.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(headers.Content); i += 2 {
		all = append(all, entry{headers.Content[i], headers.Content[i+1]})
	}
	return all
}
