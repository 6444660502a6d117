package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/rules"
)

// deadSelection says with flags, and numbers as arguments, which dead letters
// are meant.
type deadSelection struct{ router.LetterSelection }

func (s *deadSelection) flags(fs *pflag.FlagSet) {
	fs.StringVar(&s.Target, "target", "", "only those of this target")
	fs.StringVar(&s.Rule, "rule", "", "only those of this rule")
	fs.StringVar(&s.Reason, "reason", "", "only those that died for this reason: "+strings.Join(slices.Sorted(maps.Keys(reasons)), ", "))
	fs.StringVar(&s.Where, "where", "", "only those that meet this condition (CEL) over event, rule, target, reason, status, error, attempts and at")
}

// take reads the numbers, and looks at the condition here, where its mistakes
// can be pointed at.
func (s *deadSelection) take(cmd *cobra.Command, args []string) error {
	for _, text := range args {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || n == 0 {
			return notANumber(text)
		}
		s.Numbers = append(s.Numbers, n)
	}
	if _, known := reasons[s.Reason]; s.Reason != "" && !known {
		return fmt.Errorf("--reason %s: expected %s", plain(s.Reason, 80), strings.Join(slices.Sorted(maps.Keys(reasons)), ", "))
	}
	if !cmd.Flags().Changed("where") {
		return nil
	}
	_, problems := rules.NewLetterCondition("--where", s.Where)
	return pointAt(cmd, problems)
}

func notANumber(text string) error {
	return fmt.Errorf("%s is not the number of a dead letter; `wye dead list --each` shows them", strconv.Quote(text))
}

// pointAt shows what is wrong with the condition of --where.
func pointAt(cmd *cobra.Command, problems rules.Problems) error {
	if !problems.HasErrors() {
		return nil
	}
	talk := cmd.ErrOrStderr()
	if err := problems.Write(talk, colorOn(talk)); err != nil {
		return failed(err)
	}
	return errors.New("--where: this is not a condition that can be used")
}

// values are the selection as parameters of a path.
func (s *deadSelection) values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{"target": s.Target, "rule": s.Rule, "reason": s.Reason, "where": s.Where} {
		if text != "" {
			v.Set(name, text)
		}
	}
	for _, n := range s.Numbers {
		v.Add("number", strconv.FormatUint(n, 10))
	}
	return v
}

// body is an order as it is posted.
func body(order any) []byte {
	text, err := json.Marshal(order)
	if err != nil {
		panic("wye: an order cannot be written: " + err.Error()) // it is made of text and numbers
	}
	return text
}
