package rules

import (
	"errors"
	"fmt"
	"strings"
)

// Why is the text of Err without the name of the rule, for where that stands
// beside it already.
func (m Match) Why() string {
	return strings.TrimPrefix(m.Err.Error(), fmt.Sprintf("the condition of rule %q failed: ", m.Rule.Name))
}

// failedAtCost tells whether a condition failed because it took too long.
func failedAtCost(err error) bool {
	var failure *conditionError
	return errors.As(err, &failure) && (failure.cause == errCost || reading{err: failure.cause}.tooLong())
}
