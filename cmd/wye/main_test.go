package main

import (
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

const raceOptions = "atexit_sleep_ms=10"

// TestMain puts this program on the PATH of the tests as wye: scripts and the
// commands of the documents run the real thing.
func TestMain(m *testing.M) {
	// Programs with the race detector otherwise wait a second before they end.
	os.Setenv("GORACE", raceOptions)
	testscript.Main(m, map[string]func(){"wye": main})
}

// TestScript runs the scripts of testdata/script, each against a `wye serve` of
// its own. Besides the usual commands they have:
//
//	ports NAME...             set each variable to a free port
//	serve FLAG...             start `wye serve` on $HTTP, $ADMIN and $NATS with data in $WORK/data,
//	                          and wait until it is ready; its output goes to serve.out and serve.err
//	signal TERM|HUP|KILL      send that server a signal
//	stopped STATUS            wait until it has ended, with that exit status
//	exits STATUS [ARG...]     run wye, which must end with that exit status
//	receiver NAME STATUS FILE start an HTTP server that answers with STATUS; $NAME is its
//	                          address, and FILE gets a line for each event: TYPE ID MODE BODY
//	rules FILE [TEMPLATE]     write FILE at once from rules.template, with variables such as $NAME replaced
//	await FILE REGEXP [N]     wait until FILE has the text (N times)
//	await-dead N              wait until there are N dead letters
//	get URL                   the answer is the standard output; fails on other than 200
//	post URL                  likewise
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: setUpScript,
		// A command that should end and does not is told, with what it did.
		Deadline: time.Now().Add(5 * time.Minute), // for all of them: a busy machine, with the race detector
		// WYE_UPDATE=1 writes what commands print into the scripts.
		UpdateScripts: os.Getenv("WYE_UPDATE") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ports": portsCommand, "serve": serveCommand, "signal": signalCommand, "stopped": stoppedCommand, "exits": exitsCommand,
			"receiver": receiverCommand, "await": awaitCommand, "rules": rulesCommand, "await-dead": awaitDeadCommand,
			"get":  func(ts *testscript.TestScript, neg bool, args []string) { ask(ts, neg, http.MethodGet, args) },
			"post": func(ts *testscript.TestScript, neg bool, args []string) { ask(ts, neg, http.MethodPost, args) },
		},
	})
}

// setUpScript gives each script ports of its own, and the variables by which
// commands find its server.
func setUpScript(env *testscript.Env) error {
	for _, name := range []string{"HTTP", "ADMIN", "NATS"} {
		env.Setenv(name, "127.0.0.1:"+strconv.Itoa(freePort()))
	}
	env.Setenv("WYE_INGEST", "http://"+env.Getenv("HTTP")+"/events")
	env.Setenv("GORACE", raceOptions)
	env.Values[served{}] = &served{}
	env.Setenv("WYE_SERVER", "http://"+env.Getenv("ADMIN"))
	return nil
}

var ports = struct {
	sync.Mutex
	next int
}{next: 15000 + rand.IntN(10000)}

// freePort is a port that nobody listens on. It is below those that systems
// give to outgoing connections, and none is given out twice.
func freePort() int {
	ports.Lock()
	defer ports.Unlock()
	for {
		ports.next++
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(ports.next)))
		if err == nil {
			l.Close()
			return ports.next
		}
	}
}
