//go:build race

package rules

// raceDetector tells tests that measure time that everything is many times slower.
const raceDetector = true
