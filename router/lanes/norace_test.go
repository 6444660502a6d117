//go:build !race

package lanes

import "testing"

func alone(*testing.T) {}
