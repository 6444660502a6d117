package rules

import (
	"strings"
	"time"
)

// Rollout says in a few words how carefully the rule is rolled out, such as
// "shadow, sample 5 %, until 2027-01-31T12:00:00Z"; it is empty for a rule that
// is live, for all of its events and for ever.
func (r *Rule) Rollout() string { return rolloutWords(r.Mode, r.Sample, r.Until) }

func rolloutWords(mode Mode, sample float64, until time.Time) string {
	var words []string
	if mode == ModeShadow {
		words = append(words, "shadow")
	}
	if sample > 0 && sample < 1 {
		words = append(words, "sample "+percent(sample))
	}
	if !until.IsZero() {
		words = append(words, "until "+until.UTC().Format(time.RFC3339))
	}
	return strings.Join(words, ", ")
}

// percent writes a share as people say it: 0.05 is "5 %".
func percent(share float64) string { return plainNumber(share*100) + " %" }

// heldBackWords say why a rule whose condition holds delivers nothing.
func heldBackWords(r *Rule, part Part) string {
	switch part {
	case PartShadow:
		return "it matched; shadow: delivers nothing"
	case PartUnsampled:
		return "it matched, but the event is not in the sample of " + percent(r.Sample)
	case PartOver:
		return "it matched, but the rule is over since " + r.Until.Format(time.RFC3339)
	}
	return ""
}
