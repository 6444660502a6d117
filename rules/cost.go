package rules

import (
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// costs is what calls cost, for the limit on costly conditions: about one for
// every ten bytes or every value that a call looks at. CEL's own figures take
// some calls for free that walk along their whole argument (size of a text,
// comparing two lists), which a loop makes endless.
type costs struct{}

// CallCost implements interpreter.ActualCostEstimator.
func (costs) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	cost := uint64(1)
	switch function {
	case operators.Equals, operators.NotEquals, operators.In:
		cost += min(weight(args[0]), weight(args[len(args)-1]))
		if function == operators.In {
			cost = 1 + weight(args[1])
		}
	case operators.Add:
		if _, collecting := args[0].(traits.MutableLister); !collecting {
			cost += flat(args[0]) + flat(args[1])
		}
	case "matches":
		cost += flat(args[0]) * (1 + flat(args[1])/2)
	default:
		for _, arg := range args {
			cost += flat(arg)
		}
	}
	return &cost
}

// flat is the weight of a value as far as it is stored in one piece.
func flat(v ref.Val) uint64 {
	switch v := v.(type) {
	case types.String:
		return uint64(len(v)) / 10
	case types.Bytes:
		return uint64(len(v)) / 10
	case traits.Lister:
		if n, ok := v.Size().(types.Int); ok {
			return uint64(n) / 10
		}
	}
	return 0
}

// weight is the weight of a value with all that is in it, as far as the limit.
func weight(v ref.Val) uint64 {
	left := int64(costLimit)
	weigh(v, &left)
	return uint64(costLimit - max(left, 0))
}

func weigh(v ref.Val, left *int64) {
	if *left--; *left <= 0 {
		return
	}
	switch v := v.(type) {
	case traits.Lister:
		for it := v.Iterator(); *left > 0 && it.HasNext() == types.True; {
			weigh(it.Next(), left)
		}
	case traits.Mapper:
		for it := v.Iterator(); *left > 0 && it.HasNext() == types.True; {
			if member, ok := v.Find(it.Next()); ok {
				weigh(member, left)
			}
		}
	default:
		*left -= int64(flat(v))
	}
}
