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

// embedded is the NATS server inside this process, with the key of the one
// client that may do everything: this process.
type embedded struct {
	*server.Server
	key nkeys.KeyPair
}

// startServer starts the embedded server. Clients of its listener are guests:
// they publish and consume as they like, but cannot write Wye's own subjects or
// change its streams.
func startServer(cfg Config) (*embedded, error) {
	own, guest, err := newKeys()
	if err != nil {
		return nil, err
	}
	opts := &server.Options{
		ServerName:             "wye",
		JetStream:              true,
		StoreDir:               cfg.Dir,
		SyncAlways:             cfg.Sync == SyncAlways,
		MaxPayload:             int32(maxPayload(cfg)),
		MaxControlLine:         4096,
		NoSigs:                 true,
		NoLog:                  true,
		DisableJetStreamBanner: true,
		DontListen:             cfg.Listen == "",
		Nkeys:                  []*server.NkeyUser{{Nkey: own.public}, {Nkey: guest.public, Permissions: guestPermissions()}},
		NoAuthUser:             guest.public,
	}
	if cfg.Listen != "" {
		if err := setListen(opts, cfg.Listen); err != nil {
			return nil, err
		}
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("start the embedded NATS server: %w", err)
	}
	srv.SetLoggerV2(serverLog{cfg.Log}, false, false, false)
	go srv.Start()
	if !srv.ReadyForConnections(startTimeout) {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil, notReady(cfg)
	}
	return &embedded{Server: srv, key: own.pair}, nil
}

type userKey struct {
	pair   nkeys.KeyPair
	public string
}

// newKeys makes the keys of the two kinds of client, anew at every start.
func newKeys() (own, guest userKey, err error) {
	for _, k := range []*userKey{&own, &guest} {
		if k.pair, err = nkeys.CreateUser(); err != nil {
			return own, guest, err
		}
		if k.public, err = k.pair.PublicKey(); err != nil {
			return own, guest, err
		}
	}
	return own, guest, nil
}

func maxPayload(cfg Config) int { return cfg.MaxMessage + headerRoom }

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

func notReady(cfg Config) error {
	if cfg.Listen != "" {
		if l, err := net.Listen("tcp", cfg.Listen); err != nil {
			return fmt.Errorf("the embedded NATS server cannot listen on %s: %w; choose another address with --nats", cfg.Listen, errors.Unwrap(err))
		} else {
			l.Close()
		}
	}
	return fmt.Errorf("the embedded NATS server did not start within %s; is %s in use by another Wye?", startTimeout, cfg.Dir)
}

// guestPermissions keep clients of the listener away from Wye's own subjects
// and from the parts of the JetStream API that would change its streams.
func guestPermissions() *server.Permissions {
	deny := []string{
		subjectEvents, subjectOutcomes, subjectBacklog + ">", subjectDead + ">", subjectState + ">", subjectQueue + ">",
		inboxPrefix + ".>",
		"$JS.ACK." + streamBacklog + ".>",
	}
	for _, verb := range []string{"CREATE", "DELETE", "PAUSE", "RESET", "UNPIN", "DURABLE.CREATE", "MSG.NEXT", "LEADER.STEPDOWN"} {
		api := "$JS.API.CONSUMER." + verb + "." + streamBacklog
		deny = append(deny, api, api+".>")
	}
	for _, s := range []string{streamEvents, streamBacklog, streamDead, streamOutcomes, streamState} {
		for _, verb := range []string{"CREATE", "UPDATE", "DELETE", "PURGE", "MSG.DELETE", "RESTORE", "SNAPSHOT", "LEADER.STEPDOWN", "PEER.REMOVE"} {
			deny = append(deny, "$JS.API.STREAM."+verb+"."+s)
		}
	}
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{">"}, Deny: deny},
		Subscribe: &server.SubjectPermission{Allow: []string{">"}, Deny: []string{inboxPrefix + ".>"}},
	}
}

// blocksDir is where the embedded server keeps the block files of a stream.
func (e *embedded) blocksDir(cfg Config, stream string) string {
	return filepath.Join(cfg.Dir, "jetstream", server.DEFAULT_GLOBAL_ACCOUNT, "streams", stream, "msgs")
}

// serverLog passes what matters of the server's log on. Its notices are about
// its own affairs, so they are details here.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(f string, a ...any) { l.log.Debug(text(f, a), "from", "nats") }
func (l serverLog) Warnf(f string, a ...any)   { l.log.Warn(text(f, a), "from", "nats") }
func (l serverLog) Fatalf(f string, a ...any)  { l.log.Error(text(f, a), "from", "nats") }
func (l serverLog) Errorf(f string, a ...any)  { l.log.Error(text(f, a), "from", "nats") }
func (l serverLog) Debugf(f string, a ...any)  {}
func (l serverLog) Tracef(f string, a ...any)  {}

func text(f string, a []any) string { return strings.TrimSpace(fmt.Sprintf(f, a...)) }
