package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func newDeadExportCommand() *cobra.Command {
	var s server
	var which deadSelection
	c := &cobra.Command{
		Use:   "export [NUMBER...]",
		Short: "Write dead letters whole, as JSON lines",
		Long: `Writes dead letters whole to standard output, one a line, with every attempt that is
kept and the event in the CloudEvents JSON format as its member "event". Without
numbers and flags it writes all. The file can be read again: ` + "`wye send`" + ` and
` + "`wye match`" + ` take the events out of it.

Exits with 0 when all is written, and 3 when the server or the output ended early.`,
		Example: `  wye dead export > dead.jsonl
  wye dead export --target billing | wye match --rules new.yaml --events -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := which.take(cmd, args); err != nil {
				return err
			}
			return exportDead(cmd, s, which)
		},
	}
	which.flags(c.Flags())
	addServer(c, &s)
	return c
}

// exportEnd is the line that says that there are no more.
const exportEnd = `{"end":true}`

func exportDead(cmd *cobra.Command, s server, which deadSelection) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	answer, err := s.stream(ctx, "/api/v1/dead/export?"+which.values().Encode())
	if err != nil {
		return err
	}
	defer answer.Close()
	out := bufio.NewWriter(cmd.OutOrStdout())
	n, err := copyLetters(out, bufio.NewReaderSize(answer, 1<<20))
	if flushed := out.Flush(); err == nil && flushed != nil {
		err = fmt.Errorf("the dead letters cannot be written: %w", flushed)
	}
	if err != nil {
		return failed(fmt.Errorf("after %s: %w", count(n, "dead letter"), err))
	}
	fmt.Fprintln(cmd.ErrOrStderr(), count(n, "dead letter"))
	return nil
}

func copyLetters(out io.Writer, in *bufio.Reader) (n int, err error) {
	for {
		line, err := in.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF):
			return n, errors.New("the server ended before all was written")
		case err != nil:
			return n, fmt.Errorf("the server went away: %w", err)
		case string(bytes.TrimSpace(line)) == exportEnd:
			return n, nil
		}
		if _, err := out.Write(line); err != nil {
			return n, fmt.Errorf("the dead letters cannot be written: %w", err)
		}
		n++
	}
}
