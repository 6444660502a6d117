package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/rules/format"
)

func newFmtCommand() *cobra.Command {
	var want formatting
	c := &cobra.Command{
		Use:   "fmt [PATH...]",
		Short: "Write rule files in the one form that everybody's have",
		Long: `Formats rule files and files of tests: keys in their order, two spaces of
indentation, conditions with spaces around their operators. What the files say
stays the same, and so do their comments.

Each PATH is a file, a directory with rule files and files of tests in it, DIR/...
for the directories below it too, or - for standard input. Without one it is
rules.yaml. YAML of other programs in a directory (without version: 1) is left out. The
formatted text of a single file is printed; for several, say what
is to be done with -w, --check or --diff.

A file that is no YAML, or that ` + "`wye check`" + ` refuses to read for its size or form,
stays as it is, and what is wrong is shown. Exits with 1 then, and with 1 where
--check or --diff find a difference; with 3 where a PATH cannot be read or written.`,
		Example: `  wye fmt rules.yaml
  wye fmt -w teams/...      # all rule files below teams
  wye fmt --check .         # in CI: the files that are not formatted
  wye fmt --diff rules.yaml
  git show main:rules.yaml | wye fmt -`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				paths = []string{"rules.yaml"}
			}
			want.in, want.out, want.talk = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			return want.run(paths)
		},
	}
	c.Flags().BoolVarP(&want.write, "write", "w", false, "write the formatted text back into the files")
	c.Flags().BoolVar(&want.check, "check", false, "list the files that are not formatted, and exit with 1 where there are any")
	c.Flags().BoolVar(&want.diff, "diff", false, "show what formatting would change, and exit with 1 where it would")
	return c
}

// formatting is what `wye fmt` is asked for, and how far it is.
type formatting struct {
	write, check, diff bool

	in        io.Reader
	out, talk io.Writer

	line          *progress
	files, differ int
	status        int
}

func (f *formatting) run(paths []string) error {
	f.line = newProgress(f.talk)
	files, err := f.find(paths)
	if err != nil {
		return err
	}
	for i, file := range files {
		f.line.show(func() string { return fmt.Sprintf("formatting %s of %s", grouped(i), count(len(files), "file")) })
		if err := f.file(file); err != nil {
			return failed(err)
		}
	}
	f.line.clear()
	f.sum()
	if f.status != 0 {
		return &exitError{status: f.status}
	}
	return nil
}

// find reads the files to format. What cannot be read is told and left out, and so
// is what somebody else's directory has.
func (f *formatting) find(paths []string) (files []rules.Source, err error) {
	modes := 0
	for _, set := range []bool{f.write, f.check, f.diff} {
		if set {
			modes++
		}
	}
	if modes > 1 {
		return nil, errors.New("fmt: -w, --check and --diff do not go together")
	}
	for _, path := range paths {
		if path == stdinPath && f.write {
			return nil, errors.New("fmt -w: standard input cannot be written back")
		}
		more, err := f.read(path)
		if err != nil {
			return nil, failed(err)
		}
		files = append(files, more...)
	}
	if modes == 0 && len(files) > 1 {
		return nil, fmt.Errorf("fmt: %s would be printed one after the other; say -w, --check or --diff", count(len(files), "file"))
	}
	return files, nil
}

// read reads the files of a path.
func (f *formatting) read(path string) (files []rules.Source, err error) {
	if path == stdinPath {
		source, err := rules.ReadSource(stdinName, f.in)
		return []rules.Source{source}, err
	}
	names, problems := rules.FilesAndTests(path)
	for _, name := range names {
		source, ps := rules.ReadFile(name)
		problems = append(problems, ps...)
		if len(ps) == 0 && (name == path || format.IsOurs(source.Text)) {
			files = append(files, source)
		}
	}
	return files, f.tell(problems)
}

// tell shows problems, and lets the exit status say that there are some.
func (f *formatting) tell(problems rules.Problems) error {
	f.line.clear()
	for _, p := range problems {
		if p.Code == codeUnreadable {
			f.status = max(f.status, exitFailed)
		}
		f.status = max(f.status, exitFindings)
	}
	return problems.Write(f.talk, colorOn(f.talk))
}

// file formats one file. What is wrong with it is told; an error is one of writing.
func (f *formatting) file(source rules.Source) error {
	f.files++
	text, problems, err := format.File(source)
	if err != nil {
		f.line.say(fmt.Sprintf("%s: %s", source.Name, err))
		f.status = max(f.status, exitFailed)
		return nil
	}
	if len(problems) > 0 {
		return f.tell(problems)
	}
	return f.give(source, text)
}

// give does with the formatted text what was asked for.
func (f *formatting) give(source rules.Source, text []byte) error {
	same := bytes.Equal(source.Text, text)
	if !same {
		f.differ++
		f.line.clear()
	}
	var err error
	switch {
	case f.write && !same:
		if err = replaceFile(source.Name, text); err == nil {
			fmt.Fprintf(f.talk, "%s: formatted\n", source.Name)
		}
	case f.write:
	case f.check && !same:
		f.status = max(f.status, exitFindings)
		_, err = fmt.Fprintln(f.out, source.Name)
	case f.diff && !same:
		f.status = max(f.status, exitFindings)
		_, err = f.out.Write(diff.Diff(source.Name, source.Text, source.Name+" (formatted)", text))
	case !f.check && !f.diff:
		_, err = f.out.Write(text)
	}
	return err
}

// sum says on the terminal how many files there were.
func (f *formatting) sum() {
	switch {
	case !f.check:
	case f.differ == 0:
		fmt.Fprintf(f.talk, "%s, all formatted\n", count(f.files, "file"))
	default:
		fmt.Fprintf(f.talk, "%d of %s not formatted; `wye fmt -w` formats them\n", f.differ, count(f.files, "file"))
	}
}
