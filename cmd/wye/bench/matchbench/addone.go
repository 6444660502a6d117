package matchbench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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

func addOne(ctx context.Context, files []rulestest.File) (*AddOne, error) {
	dir, err := os.MkdirTemp("", "wye-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o600); err != nil {
			return nil, err
		}
	}
	var loader rules.Loader
	if _, m, problems := loader.Load(dir); m == nil {
		return nil, errors.New(problems[0].Message)
	}
	alone, err := additionsTo(ctx, &loader, dir, "added.yaml", rulestest.Alone(nil))
	if err != nil {
		return nil, err
	}
	if err := os.Remove(filepath.Join(dir, "added.yaml")); err != nil {
		return nil, err
	}
	large, err := additionsTo(ctx, &loader, dir, files[0].Name, files[0].Text)
	if err != nil || ctx.Err() != nil {
		return nil, err
	}
	return &AddOne{median(alone), median(large)}, nil
}

// additionsTo adds one rule after the other to a file, each in the place of the
// one before.
func additionsTo(ctx context.Context, loader *rules.Loader, dir, name string, text []byte) (ms []float64, err error) {
	for n := 0; n < additions && ctx.Err() == nil; n++ {
		more, ev := rulestest.OneMore(n)
		if err := os.WriteFile(filepath.Join(dir, name), slices.Concat(text, more), 0o600); err != nil {
			return nil, err
		}
		begin := time.Now()
		_, m, problems := loader.Load(dir)
		ms = append(ms, float64(time.Since(begin))/float64(time.Millisecond))
		if m == nil {
			return nil, errors.New(problems[0].Message)
		}
		if len(m.Match(ev, nil)) != 1 {
			return nil, errors.New("the rule that was added is not in force")
		}
	}
	return ms, nil
}
