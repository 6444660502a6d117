package main

import "os"

// isTerminal tells whether somebody reads along, and so whether colours and
// progress make sense.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == ""
}
