package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

const startTimeout = 30 * time.Second

// inboxPrefix begins the subjects on which this process is answered. Guests
// can neither listen nor publish there: who could, could acknowledge an event
// in the store's name.
const inboxPrefix = "_WYE"

// The accounts of the embedded server. Wye's own streams are in one that no
// client of the listener can reach: a guest who could create a stream or a push
// consumer beside them could have the server write to them on its behalf. Work
// queues, kept streams and wye.in are where guests are.
const (
	ownAccount   = "WYE"
	guestAccount = "GUESTS"
)

// embedded is the NATS server inside this process, with the keys by which this
// process is let into its accounts.
type embedded struct {
	*server.Server
	own, host userKey
}

// storeMost is no bound on the store. Without one the server would take three
// quarters of what is free at its start as the bound of all it ever stores, and
// what the store held before counts too. The disk is looked after by [diskWatch].
const storeMost = 1 << 60

// startServer starts the embedded server; failed is told of its errors.
func startServer(cfg Config, failed func(text string)) (*embedded, error) {
	e := &embedded{}
	var guest userKey
	if err := newKeys(&e.own, &e.host, &guest); err != nil {
		return nil, err
	}
	own, guests := server.NewAccount(ownAccount), server.NewAccount(guestAccount)
	opts := &server.Options{
		ServerName:             "wye",
		JetStream:              true,
		StoreDir:               cfg.Dir,
		JetStreamMaxStore:      storeMost,
		SyncAlways:             cfg.Sync == SyncAlways,
		MaxPayload:             int32(maxPayload(cfg)),
		MaxControlLine:         4096,
		NoSigs:                 true,
		NoLog:                  true,
		DisableJetStreamBanner: true,
		DontListen:             cfg.Listen == "",
		Accounts:               []*server.Account{own, guests},
		Nkeys: []*server.NkeyUser{
			{Nkey: e.own.public, Account: own},
			{Nkey: e.host.public, Account: guests},
			{Nkey: guest.public, Account: guests, Permissions: guestPermissions()},
		},
		NoAuthUser: guest.public,
	}
	if cfg.Listen != "" {
		if err := setListen(opts, cfg.Listen); err != nil {
			return nil, err
		}
		if err := tryListen(cfg.Listen); err != nil { // the server itself would wait and wait
			return nil, err
		}
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("start the embedded NATS server: %w", err)
	}
	srv.SetLoggerV2(serverLog{cfg.Log, failed}, false, false, false)
	e.Server = srv
	go srv.Start()
	if srv.ReadyForConnections(startTimeout) {
		err = e.enableStreams()
	} else {
		err = fmt.Errorf("the embedded NATS server did not start within %s; look at its log lines above", startTimeout)
	}
	if err != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil, err
	}
	return e, nil
}

// enableStreams recovers the streams of both accounts.
func (e *embedded) enableStreams() error {
	for _, name := range []string{ownAccount, guestAccount} {
		acc, err := e.LookupAccount(name)
		if err == nil {
			err = acc.EnableJetStream(nil, nil)
		}
		if err != nil {
			return fmt.Errorf("recover the stored streams: %w", err)
		}
	}
	return nil
}

func maxPayload(cfg Config) int { return cfg.MaxMessage + headerRoom }

type userKey struct {
	pair   nkeys.KeyPair
	public string
}

// newKeys makes the keys of the kinds of client, anew at every start.
func newKeys(keys ...*userKey) (err error) {
	for _, k := range keys {
		if k.pair, err = nkeys.CreateUser(); err != nil {
			return err
		}
		if k.public, err = k.pair.PublicKey(); err != nil {
			return err
		}
	}
	return nil
}

func setListen(opts *server.Options, listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("NATS address %q: expected host:port, e.g. 127.0.0.1:4222", listen)
	}
	opts.Host = host
	if opts.Port, err = strconv.Atoi(port); err != nil || opts.Port < 0 || opts.Port > 65535 {
		return fmt.Errorf("NATS address %q: %q is not a port number", listen, port)
	}
	if opts.Port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	return nil
}

// tryListen tells whether the address is free.
func tryListen(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return fmt.Errorf("the embedded NATS server cannot listen on %s: %w; is another Wye running? Choose another address with --nats", addr, err)
	}
	return l.Close()
}

// guestPermissions let guests publish, and consume from work queues and kept
// streams, but not make or change streams: one that captured wye.in would
// answer publishers in Wye's place. Nor do they see how this process is answered.
func guestPermissions() *server.Permissions {
	deny := []string{subjectEvents, subjectOutcomes, subjectBacklog + ">", subjectDead + ">", subjectState + ">", // nobody would hear it; better to say so
		inboxPrefix + ".>", subjectQueue + ">", "$JS.API.ACCOUNT.>", "$JS.API.META.>", "$JS.API.SERVER.>"}
	for _, verb := range []string{"CREATE", "UPDATE", "DELETE", "PURGE", "MSG.DELETE", "RESTORE", "SNAPSHOT", "LEADER.STEPDOWN", "PEER.>"} {
		deny = append(deny, strings.TrimSuffix("$JS.API.STREAM."+verb, ".>")+".>")
	}
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{">"}, Deny: deny},
		Subscribe: &server.SubjectPermission{Allow: []string{">"}, Deny: []string{inboxPrefix + ".>"}},
	}
}

// blocksDir is where the embedded server keeps the block files of a stream.
func blocksDir(cfg Config, account, stream string) string {
	return filepath.Join(cfg.Dir, "jetstream", account, "streams", stream, "msgs")
}

// serverLog passes what matters of the server's log on. Its notices are about
// its own affairs, so they are details here.
type serverLog struct {
	log    *slog.Logger
	failed func(text string)
}

func (l serverLog) Noticef(f string, a ...any) { l.log.Debug(text(f, a), "from", "nats") }
func (l serverLog) Warnf(f string, a ...any)   { l.log.Warn(text(f, a), "from", "nats") }
func (l serverLog) Fatalf(f string, a ...any)  { l.log.Error(text(f, a), "from", "nats") }
func (l serverLog) Errorf(f string, a ...any) {
	said := text(f, a)
	l.log.Error(said, "from", "nats")
	l.failed(said)
}
func (l serverLog) Debugf(f string, a ...any) {}
func (l serverLog) Tracef(f string, a ...any) {}

func text(f string, a []any) string { return strings.TrimSpace(fmt.Sprintf(f, a...)) }
