package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func portsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: ports NAME...")
	}
	for _, name := range args {
		ts.Setenv(name, strconv.Itoa(freePort()))
	}
}

// served is the server of a script.
type served struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

func servedOf(ts *testscript.TestScript) *served { return ts.Value(served{}).(*served) }

func serveCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("serve cannot be negated; use exec wye serve")
	}
	cmd := exec.Command("wye", append([]string{"serve", "--data", ts.MkAbs("data"),
		"--http", ts.Getenv("HTTP"), "--admin", ts.Getenv("ADMIN"), "--nats", ts.Getenv("NATS")}, args...)...)
	cmd.Dir = ts.MkAbs(".")
	out, err := os.Create(ts.MkAbs("serve.out"))
	ts.Check(err)
	defer out.Close()
	talk, err := os.Create(ts.MkAbs("serve.err"))
	ts.Check(err)
	defer talk.Close()
	cmd.Stdout, cmd.Stderr = out, talk
	ts.Check(cmd.Start())
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	s := servedOf(ts)
	s.cmd, s.ended = cmd, ended
	ts.Defer(func() { cmd.Process.Kill(); <-ended })
	awaitReady(ts, s)
}

func awaitReady(ts *testscript.TestScript, s *served) {
	ready := "http://" + ts.Getenv("ADMIN") + "/-/ready"
	eventually(ts, func() error {
		select {
		case <-s.ended:
			ts.Fatalf("wye serve ended: %s\n%s", s.cmd.ProcessState, ts.ReadFile("serve.err"))
		default:
		}
		_, err := answer(http.MethodGet, ready, http.StatusOK)
		return err
	})
}

func signalCommand(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL}
	if neg || len(args) != 1 || signals[args[0]] == 0 {
		ts.Fatalf("usage: signal TERM|HUP|KILL")
	}
	ts.Check(servedOf(ts).cmd.Process.Signal(signals[args[0]]))
}

func stoppedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: stopped STATUS")
	}
	s := servedOf(ts)
	select {
	case <-s.ended:
	case <-time.After(patience):
		ts.Fatalf("wye serve did not end in %s", patience)
	}
	if got := s.cmd.ProcessState.ExitCode(); strconv.Itoa(got) != args[0] {
		ts.Fatalf("wye serve ended with %s, expected %s\n%s", s.cmd.ProcessState, args[0], ts.ReadFile("serve.err"))
	}
}

// exitsCommand runs wye and holds its exit status, which exec cannot tell.
func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits STATUS [ARG...]")
	}
	err := ts.Exec("wye", args[1:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("wye %s: exit status %d, expected %s", strings.Join(args[1:], " "), got, args[0])
	}
}

func receiverCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: receiver NAME STATUS FILE")
	}
	status, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[2]), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	ts.Check(err)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		mode := "binary"
		if req.Header.Get("Ce-Id") == "" {
			mode = "structured"
		}
		fmt.Fprintf(f, "%s %s %s %s\n", req.Header.Get("Ce-Type"), req.Header.Get("Ce-Id"), mode, body)
		w.WriteHeader(status)
		fmt.Fprintf(w, "the receiver says %d", status)
	}))
	ts.Setenv(args[0], srv.URL)
	ts.Defer(func() { srv.Close(); f.Close() })
}

// rulesCommand puts the file in place by a rename, as an editor does: nobody sees
// half of it.
func rulesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: rules FILE [TEMPLATE]")
	}
	template := append(args, "rules.template")[1]
	text := os.Expand(ts.ReadFile(template), ts.Getenv)
	name := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(name+".new", []byte(text), 0o644))
	ts.Check(os.Rename(name+".new", name))
}

func awaitDeadCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await-dead N")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	eventually(ts, func() error {
		text, err := answer(http.MethodGet, "http://"+ts.Getenv("ADMIN")+"/api/v1/dead", http.StatusOK)
		if got := bytes.Count(text, []byte(`"number":`)); err == nil && got < want {
			err = fmt.Errorf("%d of %d dead letters: %s", got, want, text)
		}
		return err
	})
}

func awaitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: await FILE REGEXP [N]")
	}
	re, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	want := 1
	if len(args) == 3 {
		want, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	eventually(ts, func() error {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if got := len(re.FindAllIndex(text, -1)); got < want {
			return fmt.Errorf("%s has %d of %d times %q (%v):\n%s", args[0], got, want, args[1], err, text)
		}
		return nil
	})
}

func ask(ts *testscript.TestScript, neg bool, method string, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: get|post URL")
	}
	text, err := answer(method, args[0], http.StatusOK)
	ts.Stdout().Write(text)
	if neg != (err != nil) {
		ts.Fatalf("%s %s: %v\n%s", method, args[0], err, text)
	}
}

func answer(method, url string, want int) ([]byte, error) {
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != want {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	return text, err
}

const (
	patience = time.Minute
	interval = 10 * time.Millisecond
)

// eventually tries until it works. What it waits for is in another process, so
// there is nothing to wait on but the thing itself.
func eventually(ts *testscript.TestScript, try func() error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("not in %s: %v", patience, err)
		}
	}
}
