package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// step is one command of a document, and what its output must contain.
type step struct {
	line    int
	command string
	wants   []string
	server  bool // runs in the background
}

// stepsOf takes blocks apart into commands. A command ends where bash says that
// it is complete.
func stepsOf(t *testing.T, blocks []block) (steps []step) {
	t.Helper()
	for _, b := range blocks {
		pending, left := "", false // the last command was left out
		for i, line := range strings.Split(strings.TrimSuffix(b.text, "\n"), "\n") {
			want, isWant := strings.CutPrefix(line, "# => ")
			switch {
			case pending == "" && isWant && len(steps) > 0:
				if last := &steps[len(steps)-1]; !left {
					last.wants = append(last.wants, want)
				}
				continue
			case pending == "" && comment(line):
				continue
			}
			pending += line + "\n"
			if !complete(t, pending) {
				continue
			}
			if left = skipped(pending); !left {
				steps = append(steps, newStep(b.line+i, pending))
			}
			pending = ""
		}
		if pending != "" {
			t.Fatalf("line %d: a command does not end in its block:\n%s", b.line, pending)
		}
	}
	return steps
}

func comment(line string) bool {
	trimmed := strings.TrimSpace(line)
	return trimmed == "" || strings.HasPrefix(trimmed, "#")
}

func skipped(command string) bool {
	words := strings.Join(strings.Fields(command), " ") + " "
	return slices.ContainsFunc(skippedCommands, func(s string) bool { return strings.HasPrefix(words, s+" ") })
}

func newStep(line int, command string) step {
	trimmed := strings.TrimRight(command, " &\n")
	if trimmed == "make run" {
		return step{line: line, command: "document_serve --rules rules.yaml", server: true}
	}
	if args, ok := strings.CutPrefix(trimmed, "wye serve"); ok {
		return step{line: line, command: "document_serve" + args, server: true}
	}
	return step{line: line, command: command}
}

func complete(t *testing.T, command string) bool {
	t.Helper()
	if strings.HasSuffix(command, "\\\n") {
		return false
	}
	cmd := exec.Command("bash", "-n")
	cmd.Stdin = strings.NewReader(command)
	said, err := cmd.CombinedOutput()
	return err == nil && !bytes.Contains(said, []byte("here-document"))
}

var portExpr = regexp.MustCompile(`(?:127\.0\.0\.1|localhost):(\d{4,5})\b`)

// portsOf gives every port in the texts, and the defaults, a free one.
func portsOf(texts ...string) map[string]string {
	free := map[string]string{"8080": "", "8081": "", "4222": ""}
	for _, text := range texts {
		for _, m := range portExpr.FindAllStringSubmatch(text, -1) {
			free[m[1]] = ""
		}
	}
	for port := range free {
		free[port] = strconv.Itoa(freePort())
	}
	return free
}

func withPorts(text string, free map[string]string) string {
	words := regexp.MustCompile(`\b(` + strings.Join(slices.Sorted(maps.Keys(free)), "|") + `)\b`)
	return words.ReplaceAllStringFunc(text, func(port string) string { return free[port] })
}

// prepared is a copy of what a document's commands work with.
func prepared(t *testing.T, root string) (dir string, ruleFiles map[string]string) {
	t.Helper()
	dir, ruleFiles = t.TempDir(), map[string]string{}
	for _, part := range []string{"schemas", "examples"} {
		if err := os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join(root, part))); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	ruleFiles[filepath.Join(dir, "rules.yaml")] = string(text)
	err = filepath.WalkDir(filepath.Join(dir, "examples"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		ruleFiles[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, ruleFiles
}

// sessionStart are the functions that the session of a document uses.
const sessionStart = `set -e
document_serve() {
  document_stop
  wye serve --http 127.0.0.1:$DOCUMENT_HTTP --admin 127.0.0.1:$DOCUMENT_ADMIN --nats 127.0.0.1:$DOCUMENT_NATS "$@" &
  document_pid=$!
  disown # so that the document's own jobs count from 1
  local end=$((SECONDS + 20))
  until wye dead list --limit 1 >/dev/null 2>&1; do
    kill -0 $document_pid && ((SECONDS < end)) && sleep 0.05 || return 1
  done
}
document_stop() {
  if [ -n "$document_pid" ]; then
    kill $document_pid 2>/dev/null || true
    while kill -0 $document_pid 2>/dev/null; do sleep 0.02; done
  fi
  document_pid=
}
document_has() { # OUTPUT WANTS
  local want
  while IFS= read -r want; do grep -qF -- "$want" "$1" || return 1; done <"$2"
}
document_await() { # OUTPUT WANTS
  local end=$((SECONDS + DOCUMENT_PATIENCE))
  until document_has "$1" "$2"; do
    ((SECONDS < end)) && sleep 0.1 || return 1
  done
}
document_run() { # COMMAND OUTPUT WANTS
  local end=$((SECONDS + DOCUMENT_PATIENCE))
  until source "$1" >"$2" 2>&1 && document_has "$2" "$3"; do
    ((SECONDS < end)) && sleep 0.1 || return 1
  done
}
trap document_stop EXIT
`

// runSession runs the commands of a document. Its error begins with the line of
// the one that failed.
func runSession(t *testing.T, root string, blocks []block, patience time.Duration) error {
	t.Helper()
	if len(blocks) == 0 {
		return nil
	}
	dir, ruleFiles := prepared(t, root)
	texts := slices.Collect(maps.Values(ruleFiles))
	for _, b := range blocks {
		texts = append(texts, b.text)
	}
	free := portsOf(texts...)
	for path, text := range ruleFiles {
		writeFile(t, path, withPorts(text, free))
	}
	for i := range blocks {
		blocks[i].text = withPorts(blocks[i].text, free)
	}
	steps := stepsOf(t, blocks)
	work := t.TempDir()
	writeFile(t, filepath.Join(work, "session.sh"), sessionOf(t, work, steps))

	cmd := exec.CommandContext(t.Context(), "bash", filepath.Join(work, "session.sh"))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DOCUMENT_HTTP="+free["8080"], "DOCUMENT_ADMIN="+free["8081"], "DOCUMENT_NATS="+free["4222"],
		fmt.Sprintf("DOCUMENT_PATIENCE=%d", int(patience.Seconds())), "WYE_INGEST=http://127.0.0.1:"+free["8080"]+"/events", "WYE_SERVER=http://127.0.0.1:"+free["8081"])
	// Commits need somebody who makes them, on every machine alike.
	cmd.Env = append(cmd.Env, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	// What the document starts and leaves is in the same group.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	killAll := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = killAll
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(eachWithin, func() { killAll() })
	err := cmd.Wait()
	late.Stop()
	killAll()
	if err != nil {
		return explained(work, steps, err)
	}
	return nil
}

// sessionOf is the session as a script. Each command is a file, whose number is
// written down before it begins.
func sessionOf(t *testing.T, work string, steps []step) string {
	var script strings.Builder
	script.WriteString(sessionStart)
	for i, s := range steps {
		file := func(ext string) string { return filepath.Join(work, fmt.Sprintf("%d.%s", i, ext)) }
		writeFile(t, file("sh"), s.command)
		writeFile(t, file("want"), strings.Join(append(s.wants, ""), "\n"))
		fmt.Fprintf(&script, "echo %d >'%s'\n", i, filepath.Join(work, "step"))
		if len(s.wants) > 0 && !s.server {
			fmt.Fprintf(&script, "document_run '%s' '%s' '%s'\n", file("sh"), file("out"), file("want"))
			continue
		}
		fmt.Fprintf(&script, "source '%s' >'%s' 2>&1\n", file("sh"), file("out"))
		fmt.Fprintf(&script, "document_await '%s' '%s'\n", file("out"), file("want"))
	}
	return script.String()
}

// explained tells which command failed, and what there was to see.
func explained(work string, steps []step, err error) error {
	at, readErr := os.ReadFile(filepath.Join(work, "step"))
	i, convErr := strconv.Atoi(strings.TrimSpace(string(at)))
	if readErr != nil || convErr != nil {
		return fmt.Errorf("0: the session did not begin: %w", err)
	}
	printed := func(i int) string {
		out, err := os.ReadFile(filepath.Join(work, fmt.Sprintf("%d.out", i)))
		if err != nil {
			return err.Error()
		}
		return string(out)
	}
	text := fmt.Sprintf("%d: %v\n%s\nexpected: %q\nprinted:\n%s", steps[i].line, err, steps[i].command, steps[i].wants, printed(i))
	for j, s := range steps[:i] {
		if s.server {
			text += fmt.Sprintf("\nthe server of line %d printed:\n%s", s.line, printed(j))
		}
	}
	return errors.New(text)
}

// TestSession holds what the comment above skippedCommands says of commands.
func TestSession(t *testing.T) {
	tests := []struct{ name, document, fault string }{
		{"commands share a session", "```sh\nmade=1\ncd schemas\n```\n\n```sh\necho $made; basename $PWD\n# => 1\n# => schemas\n```\n", ""},
		{"a command of several lines", "```sh\necho a \\\n  b\ncat <<'EOF'\nc # => d\nEOF\n# => c # => d\nif true; then\n  echo e\nfi\n# => e\n```\n", ""},
		{"skipped, and other blocks", "```sh\ngit clone nothing\ncd wye\nmake test\nmake bench \\\n  --only nothing\n# => nothing\n\n# a comment\n```\n\n```text\nfalse\n```\n", ""},
		{"what comes in a moment", "```sh\n(sleep 0.3; echo here > late.txt) &\ncat late.txt\n# => here\n```\n", ""},
		{"the document's jobs", "```sh\nwye serve --rules rules.yaml\nsleep 60 &\nkill %1\n```\n", ""},
		{"ports", "```sh\nmake run\ncurl -s http://localhost:8081/-/ready\n# => ready\n```\n", ""},
		{"a failure", "# Title\n\n```sh\ntrue\nfalse\ntrue\n```\n", "5: exit status 1\nfalse\n"},
		{"a failure with the text", "```sh\necho here; false\n# => here\n```\n", "2: exit status 1\n"},
		{"another output", "```sh\necho here\n# => there\n```\n", `expected: ["there"]`},
		{"a server that does not start", "```sh\nwye serve --rules missing.yaml\n```\n", "WYE001"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			patience := 20 * time.Second
			if tt.fault != "" {
				patience = time.Second
			}
			err := runSession(t, "../..", shellOf(tt.document), patience)
			if tt.fault == "" && err != nil {
				t.Error(err)
			}
			if tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
				t.Errorf("got %v, expected an error with %q", err, tt.fault)
			}
		})
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
