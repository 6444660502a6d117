package rules

import (
	"fmt"

	"github.com/google/cel-go/common/ast"
)

const maxLoops = 32

// checkBounds refuses, before the parser sees it, a condition that is too much
// for it.
func checkBounds(text string) []fault {
	const hint = "split it into two rules, or have the publisher send what is asked for as an attribute"
	if len(text) > maxConditionText {
		return []fault{{codeCELBounds, 0, fmt.Sprintf("the condition has %d bytes; it may have %d", len(text), maxConditionText), hint}}
	}
	depth := 0
	for _, t := range lexCondition(text) {
		switch t.kind {
		case celOpen:
			if depth++; depth > maxConditionDepth {
				return []fault{{codeCELBounds, t.start, fmt.Sprintf("the condition is nested more than %d brackets deep", maxConditionDepth), hint}}
			}
		case celShut:
			depth--
		}
	}
	return nil
}

// checkLoops bounds what the type checker has to do.
func checkLoops(root ast.Expr) []fault {
	loops := 0
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.ComprehensionKind {
			loops++
		}
	}))
	if loops <= maxLoops {
		return nil
	}
	return []fault{{codeCELBounds, 0,
		fmt.Sprintf("the condition has %d loops (exists, all, filter, map); it may have %d", loops, maxLoops),
		"split it into two rules"}}
}
