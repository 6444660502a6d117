//go:build !race

package rules

import "testing"

const raceDetector = false

func alone(*testing.T) {}
