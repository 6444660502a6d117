package rules

import (
	"fmt"
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
)

func checkBounds(text string) []fault { return nil }
func syntaxFaults(text string, errs []*common.Error) (fs []fault) {
	for _, e := range errs {
		fs = append(fs, fault{codeCELSyntax, 0, fmt.Sprint(e.Location.Line(), ":", e.Location.Column(), e.Message), ""})
	}
	return
}
func checkFaults(text string, a *ast.AST, errs []*common.Error) (fs []fault) {
	return syntaxFaults(text, errs)
}
func inspect(text string, checked *cel.Ast) []fault { return nil }
func exactLiterals(text string, a *ast.AST)         {}
