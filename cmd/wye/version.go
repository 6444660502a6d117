package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version names a release; the build sets it with -ldflags "-X main.version=v1.2.3".
var version string

// build is where this program comes from.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"time,omitempty"` // of the commit
	Modified bool   `json:"modified"`       // built from more than the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersionCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "version",
		Short: "Tell which Wye this is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			b := buildOf(info, version)
			if output == "table" {
				b.write(cmd.OutOrStdout())
				return nil
			}
			return writeData(cmd.OutOrStdout(), output, b)
		},
	}
	addOutput(c, &output, "table", "json", "yaml")
	return c
}

// buildOf reads what the compiler noted. A release's own name goes before the
// module's, which is "(devel)" in a build from a working tree.
func buildOf(info *debug.BuildInfo, release string) build {
	b := build{Version: release, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info == nil {
		info = &debug.BuildInfo{}
	}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "devel"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func (b build) write(w io.Writer) {
	commit := "commit unknown"
	if b.Commit != "" {
		commit = fmt.Sprintf("commit %.12s of %s", b.Commit, b.Time)
	}
	if b.Modified {
		commit += ", with changes"
	}
	fmt.Fprintf(w, "wye %s (%s), %s, %s\n", b.Version, commit, b.Go, b.Platform)
}
