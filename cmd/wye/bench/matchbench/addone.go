package matchbench

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/rulestest"
)

// additions is how often a rule is added; the median counts.
const additions = 15

// AddOne is the milliseconds from the text of one more rule to a Matcher that
// has it. Whoever matches meanwhile goes on with the Matcher of before.
type AddOne struct {
	Alone float64 `json:"file_of_its_own_ms"`
	Large float64 `json:"large_file_ms"` // at the end of a file of nearly a MiB
}

func addOne(ctx context.Context, sources []rules.Source) (*AddOne, error) {
	var loader rules.Loader
	if _, m, problems := loader.LoadSources(sources...); m == nil {
		return nil, errors.New(problems[0].Message)
	}
	var alone, large []float64
	for n := range additions {
		if ctx.Err() != nil {
			return nil, nil
		}
		own, within := additionsOf(sources, n)
		a, err := added(&loader, own, n)
		if err != nil {
			return nil, err
		}
		l, err := added(&loader, within, n)
		if err != nil {
			return nil, err
		}
		alone, large = append(alone, a), append(large, l)
	}
	return &AddOne{median(alone), median(large)}, nil
}

// additionsOf are the files with one more rule, in a file of its own and in the
// first of them.
func additionsOf(sources []rules.Source, n int) (own, within []rules.Source) {
	text, _ := rulestest.OneMore(n)
	own = append(slices.Clone(sources), rules.Source{Name: "added.yaml", Text: rulestest.Alone(text)})
	within = slices.Clone(sources)
	within[0].Text = slices.Concat(within[0].Text, text)
	return own, within
}

// added is the milliseconds until the n-th rule is in force.
func added(loader *rules.Loader, sources []rules.Source, n int) (float64, error) {
	_, ev := rulestest.OneMore(n)
	begin := time.Now()
	_, m, problems := loader.LoadSources(sources...)
	took := float64(time.Since(begin)) / float64(time.Millisecond)
	if m == nil {
		return 0, errors.New(problems[0].Message)
	}
	if len(m.Match(ev, nil)) != 1 {
		return 0, errors.New("the rule that was added is not in force")
	}
	return took, nil
}
