package main

import (
	"io"
	"os"
)

// isTerminal tells whether somebody reads along, and so whether colours and
// progress make sense.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == ""
}

// columnsOf is how wide the terminal is that is written to; 0 where it is none
// or does not say.
func columnsOf(out io.Writer) int {
	f, ok := out.(*os.File)
	if !ok || !isTerminal(f) {
		return 0
	}
	return terminalColumns(f)
}
