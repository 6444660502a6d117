package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"

	"github.com/wye-events/wye/cmd/wye/flood"
	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/api"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/source"
)

type serveFlags struct {
	rules, data, http, admin, nats, natsURL string
	sync, logFormat                         string
	duplicates, keepAge, grace              time.Duration
	keepBytes                               uint64
	maxEvent                                int
	diskWatermark                           int
	replicas                                int
	pprof                                   bool
	poll                                    time.Duration
	git                                     source.Options
}

func newServeCommand() *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Take events in and route them by the rules",
		Long: `Takes CloudEvents over HTTP and NATS, routes them by the rules, and delivers them.
The rules are loaded again when their files change, on SIGHUP, by ` + "`wye reload`" + ` and by
POST /-/reload.

Rules may come from a Git repository: git+https://HOST/REPO.git#branch:path, and so with
git+ssh, git+http and git+file. It is asked every --git-poll; a commit that cannot be used
leaves the rules in force as they are, and a start that cannot use it goes on with those
that were in force last. ` + "`wye status`" + ` tells how that is. A token for HTTP may also be in
WYE_GIT_TOKEN, the passphrase of an SSH key in WYE_GIT_SSH_PASSPHRASE.`,
		Example: `  wye serve --rules rules.yaml
  wye serve --rules rules/...
  wye serve --rules git+https://git.example.com/team/rules.git#main:rules --git-token-file /run/secrets/git
  wye serve --rules git+file:///srv/rules.git#main`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context(), f) },
	}
	fs := c.Flags()
	fs.StringVar(&f.rules, "rules", "rules.yaml", "rule file, a directory of them, DIR/... for all below it too, or a place in a Git repository")
	fs.StringVar(&f.data, "data", "./data", "directory of the embedded store")
	fs.StringVar(&f.http, "http", "127.0.0.1:8080", "address that takes events")
	fs.StringVar(&f.admin, "admin", "127.0.0.1:8081", "address of the admin interface")
	fs.StringVar(&f.nats, "nats", "127.0.0.1:4222", "address of the embedded NATS server; empty for none")
	fs.StringVar(&f.natsURL, "nats-url", "", "use these NATS servers instead of the embedded one")
	fs.IntVar(&f.replicas, "replicas", 1, "replicas of Wye's streams on the servers of --nats-url")
	fs.StringVar(&f.sync, "sync", "durable", "when an event counts as accepted: durable (on disk, group commit), always (one fsync an event), relaxed (in the operating system's memory)")
	fs.DurationVar(&f.duplicates, "duplicate-window", 5*time.Minute, "how long an event's source and id are remembered")
	fs.DurationVar(&f.keepAge, "keep-age", router.DefaultKeepAge, "how long routed events are kept")
	fs.Uint64Var(&f.keepBytes, "keep-bytes", 0, "how many bytes of routed events are kept; 0 for 10 GiB, or as much as is left free beside them if that is less")
	fs.IntVar(&f.diskWatermark, "disk-watermark", 0, "how full the disk of --data may be, in percent, before events are refused; 0 for 90, or more on a disk where 4 GiB are still free")
	fs.IntVar(&f.maxEvent, "max-event", 1<<20, "largest request body in bytes, at most 8 MiB")
	fs.DurationVar(&f.grace, "grace", 20*time.Second, "how long a stop waits for deliveries under way")
	fs.StringVar(&f.logFormat, "log-format", "text", "text or json")
	fs.DurationVar(&f.poll, "git-poll", router.DefaultPoll, "how often the Git repository of --rules is asked for a new commit; at least 1s")
	fs.StringVar(&f.git.TokenFile, "git-token-file", "", "file with a token for Git over HTTP; read each time, so it may change")
	fs.StringVar(&f.git.SSHKey, "git-ssh-key", "", "file with a private key for Git over SSH; empty for the SSH agent")
	fs.StringVar(&f.git.KnownHosts, "git-known-hosts", "", "file with the keys of trusted hosts for Git over SSH; empty for the usual known_hosts")
	fs.StringVar(&f.git.Keyring, "git-verify", "", "file with the keys that may sign commits, armored OpenPGP public keys or SSH allowed signers: others are refused")
	fs.DurationVar(&f.git.Within, "git-timeout", source.DefaultWithin, "how long Git may take to answer and be read")
	fs.Int64Var(&f.git.MaxBytes, "git-max-bytes", source.DefaultMaxBytes, "how many bytes of a commit are fetched from Git at most")
	fs.BoolVar(&f.pprof, "pprof", false, "serve profiles of this process under /debug/pprof on the admin address")
	return c
}

func serve(parent context.Context, f serveFlags) error {
	cfg, err := f.check()
	if err != nil {
		return err
	}
	tuneRuntime(cfg.Sync)
	ctx, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	defer stop()

	b, err := bus.Open(ctx, cfg)
	if err != nil {
		return failed(err)
	}
	defer b.Close()

	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	r, err := router.Start(ctx, router.Config{
		Bus: b, Rules: f.rules, Source: f.gitOptions(), KeepAge: f.keepAge, KeepBytes: f.keepBytes, Log: cfg.Log, Metrics: metrics,
	})
	if err != nil {
		return failed(explain(err))
	}
	grace := sync.OnceValue(func() context.Context { return within(f.grace) })
	defer func() { r.Stop(grace()) }()

	watcher, err := router.Follow(r, f.poll)
	if err != nil {
		return failed(err)
	}
	defer watcher.Close()
	reloadOnHangup(ctx, r, cfg.Log)

	f.maxEvent = min(f.maxEvent, b.MaxMessage())
	servers, err := listen(f, r, metrics)
	if err != nil {
		return failed(err)
	}
	servers.start()
	defer func() { servers.stop(grace()) }()
	greet(os.Stdout, f, r, b, servers)

	select {
	case <-ctx.Done():
		stop() // a second signal ends the process at once
		cfg.Log.Info("stopping: nothing more is taken in, deliveries under way finish")
	case <-b.FailedCh():
		return failed(b.Failed())
	case err := <-servers.failed:
		return failed(err)
	}
	return nil
}

// within is the time that the whole stop may take, from when it is first asked for.
func within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	context.AfterFunc(ctx, cancel)
	return ctx
}

const mostEvent = 8 << 20

// check reads the flags that can be wrong.
func (f serveFlags) check() (bus.Config, error) {
	cfg := bus.Config{
		Dir: f.data, Listen: f.nats, URL: f.natsURL, DuplicateWindow: f.duplicates,
		MaxMessage: f.maxEvent, Replicas: f.replicas, DiskWatermark: f.diskWatermark,
	}
	var err error
	if cfg.Sync, err = bus.ParseSync(f.sync); err != nil {
		return cfg, fmt.Errorf("--sync: %w", err)
	}
	if _, err := source.Parse(f.rules); err != nil {
		return cfg, fmt.Errorf("--rules: %w", err)
	}
	if f.poll < time.Second || f.git.Within < time.Second {
		return cfg, fmt.Errorf("--git-poll %s and --git-timeout %s: expected at least 1s", f.poll, f.git.Within)
	}
	if f.git.MaxBytes < 1<<20 {
		return cfg, fmt.Errorf("--git-max-bytes %d: expected at least 1 MiB", f.git.MaxBytes)
	}
	if f.maxEvent < 1 || f.maxEvent > mostEvent {
		return cfg, fmt.Errorf("--max-event %d: expected 1 to %d bytes", f.maxEvent, mostEvent)
	}
	if f.diskWatermark < 0 || f.diskWatermark > 99 {
		return cfg, fmt.Errorf("--disk-watermark %d: expected a percentage from 1 to 99, or 0", f.diskWatermark)
	}
	if f.duplicates < time.Second {
		return cfg, fmt.Errorf("--duplicate-window %s: expected at least 1s", f.duplicates)
	}
	var h slog.Handler
	switch f.logFormat {
	case "text":
		h = slog.NewTextHandler(os.Stderr, nil)
	case "json":
		h = slog.NewJSONHandler(os.Stderr, nil)
	default:
		return cfg, fmt.Errorf("--log-format %q: expected text or json", f.logFormat)
	}
	cfg.Log = slog.New(flood.New(h))
	return cfg, nil
}

// gitOptions are the options of Git with those that come from the environment. What
// is fetched is put beside the embedded store, if there is one.
func (f serveFlags) gitOptions() source.Options {
	o := f.git
	o.Token, o.SSHPassphrase = os.Getenv("WYE_GIT_TOKEN"), os.Getenv("WYE_GIT_SSH_PASSPHRASE")
	if f.natsURL == "" {
		o.Temp = filepath.Join(f.data, "git")
	}
	return o
}

// explain shows the problems of a rule set that was refused at the start.
func explain(err error) error {
	var refused *router.RulesError
	if errors.As(err, &refused) {
		refused.Problems.Write(os.Stderr, isTerminal(os.Stderr))
	}
	return err
}

func reloadOnHangup(ctx context.Context, r *router.Router, log *slog.Logger) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
				var suspended *router.SuspendedError
				if err := r.Reload(ctx); errors.As(err, &suspended) { // anything else is logged by the router
					log.Warn("the rules are not loaded", "error", err)
				}
			}
		}
	}()
}

// servers are the two HTTP listeners.
type servers struct {
	ingest, admin         *http.Server
	ingestAddr, adminAddr net.Listener
	failed                chan error
}

// Limits of a publisher's connection.
const (
	headerWithin = 5 * time.Second
	bodyWithin   = 60 * time.Second
	answerWithin = 2 * time.Minute // from the end of the request's headers
	idleFor      = 2 * time.Minute
	headerBytes  = 32 << 10
)

func listen(f serveFlags, r *router.Router, metrics *prometheus.Registry) (*servers, error) {
	ingestAddr, err := listenOn("--http", f.http)
	if err != nil {
		return nil, err
	}
	adminAddr, err := listenOn("--admin", f.admin)
	if err != nil {
		ingestAddr.Close()
		return nil, err
	}
	admin := api.Admin(r, metrics)
	if f.pprof {
		admin = withProfiles(admin)
	}
	return &servers{
		ingest: newServer(api.Ingest(r, int64(f.maxEvent))), ingestAddr: ingestAddr,
		admin: newServer(admin), adminAddr: adminAddr,
		failed: make(chan error, 2),
	}, nil
}

func listenOn(flag, addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w; is another Wye running? Choose another address with %s", flag, addr, err, flag)
	}
	return l, nil
}

func newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerWithin, ReadTimeout: bodyWithin, WriteTimeout: answerWithin,
		IdleTimeout: idleFor, MaxHeaderBytes: headerBytes,
	}
}

func (s *servers) start() {
	for srv, l := range map[*http.Server]net.Listener{s.ingest: s.ingestAddr, s.admin: s.adminAddr} {
		go func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				s.failed <- err
			}
		}()
	}
}

// stop answers the requests under way and takes no more; the publishers' side first.
func (s *servers) stop(ctx context.Context) {
	for _, srv := range []*http.Server{s.ingest, s.admin} {
		if srv.Shutdown(ctx) != nil {
			srv.Close()
		}
	}
}
