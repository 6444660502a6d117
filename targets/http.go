package targets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// HTTPConfig says where events are posted and how. Zero values have the
// defaults that are named here.
type HTTPConfig struct {
	// URL may hold references, as in [Resolve]; a user and password in it are
	// sent as basic authorization.
	URL string
	// Headers are sent with every event; their values may hold references.
	Headers map[string]string
	// Timeout bounds one attempt, from connecting to the last byte of the
	// answer. 15 seconds.
	Timeout time.Duration
	// Format is "binary" (the attributes are headers, the data is the body) or
	// "structured" (the event is one JSON object). Binary. Batches are JSON
	// whatever it says.
	Format string
	// Batch makes the target a [Batcher], which posts arrays of events.
	Batch bool
	// Concurrency is how many deliveries at once the connections are made for;
	// more wait for one. 32.
	Concurrency int
	// Statuses says what an answer means. [DefaultStatuses]. Whatever 401 means
	// here, the secrets are looked up again first, unless it means [Accepted].
	Statuses StatusTable
	// MaxRetryAfter bounds the pause that an answer may ask for. [MaxRetryAfter].
	MaxRetryAfter time.Duration
	// Roots are the authorities that may sign the receiver's certificate. The
	// system's.
	Roots *x509.CertPool
}

const (
	defaultTimeout     = 15 * time.Second
	defaultConcurrency = 32
	maxAnswer          = 64 << 10 // bytes read of an answer's body, and of its headers
	idleTimeout        = 90 * time.Second
)

// httpTarget posts events to one URL.
//
// Clear text goes over connections of its own (see [httpTarget.exchange]), TLS
// over a transport of its own, without [http.Client] around it: redirects are
// then not followed, no cookies are kept, and an environment that names a proxy
// changes nothing.
type httpTarget struct {
	cfg        HTTPConfig
	structured bool
	label      string          // names the receiver in errors, without secrets
	late       error           // what our own timeout is called
	pool       *pool           // for clear text
	transport  *http.Transport // for all else

	// credentials is what the references gave when they were last looked up.
	// It is swapped, never changed; refreshing orders those who swap it.
	credentials atomic.Pointer[credentials]
	refreshing  sync.Mutex
}

// NewHTTP makes a target that posts events as CloudEvents. It resolves the
// references in its settings now, so that a missing secret is told before the
// first event, and again whenever the receiver answers 401.
func NewHTTP(cfg HTTPConfig) (Target, error) {
	cfg = cfg.withDefaults()
	structured, err := cfg.structured()
	if err != nil {
		return nil, err
	}
	creds, err := resolveCredentials(cfg)
	if err != nil {
		return nil, err
	}
	t := &httpTarget{cfg: cfg, structured: structured, label: creds.label, late: &lateError{cfg.Timeout}}
	t.pool = &pool{limit: cfg.Concurrency, rest: idleTimeout}
	t.transport = newTransport(cfg)
	t.credentials.Store(creds)
	if cfg.Batch {
		return httpBatcher{t}, nil
	}
	return t, nil
}

func (c HTTPConfig) withDefaults() HTTPConfig {
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Concurrency <= 0 {
		c.Concurrency = defaultConcurrency
	}
	if c.Statuses == nil {
		c.Statuses = defaultStatuses
	}
	if c.MaxRetryAfter <= 0 {
		c.MaxRetryAfter = MaxRetryAfter
	}
	return c
}

func (c HTTPConfig) structured() (bool, error) {
	switch c.Format {
	case "", "binary":
		return false, nil
	case "structured":
		return true, nil
	}
	return false, fmt.Errorf("format %q is unknown; write binary or structured", c.Format)
}

func newTransport(c HTTPConfig) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true) // where TLS negotiates it; in clear text it costs more than HTTP/1.1
	// The delivery's own timeout is what ends an attempt to connect, and says so;
	// this ends one that nobody waits for any more.
	backstop := 2 * c.Timeout
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: backstop}).DialContext,
		TLSHandshakeTimeout:    backstop,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.Roots, ClientSessionCache: tls.NewLRUClientSessionCache(c.Concurrency)},
		Protocols:              &protocols,
		MaxIdleConnsPerHost:    c.Concurrency,
		MaxConnsPerHost:        c.Concurrency,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxAnswer,
		DisableCompression:     true,
	}
}

// Deliver posts the event.
func (t *httpTarget) Deliver(ctx context.Context, d Delivery) error {
	r, creds, err := t.ask(ctx, time.Now().Add(t.cfg.Timeout), load{one: d, structured: t.structured})
	if err == nil {
		err = t.judge(r, creds)
	}
	return t.named(err)
}

// ask gets an answer, and says with which credentials. Answer 401 is worth one
// more try within the same delivery where the secrets have changed since they
// were looked up.
func (t *httpTarget) ask(ctx context.Context, deadline time.Time, l load) (*reply, *credentials, error) {
	creds := t.credentials.Load()
	r, err := t.post(ctx, deadline, l, creds)
	if err == nil && r.unauthorized() {
		if newer := t.refresh(creds); newer != creds {
			creds = newer
			r, err = t.post(ctx, deadline, l, creds)
		}
	}
	return r, creds, err
}

// named says whose error it is, and keeps what it means.
func (t *httpTarget) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", t.label, err)
}

// refresh looks the secrets up again, once for all deliveries that found the
// same ones refused. It returns used where nothing has changed, or where they
// cannot be looked up now.
func (t *httpTarget) refresh(used *credentials) *credentials {
	t.refreshing.Lock()
	defer t.refreshing.Unlock()
	if now := t.credentials.Load(); now != used {
		return now
	}
	fresh, err := resolveCredentials(t.cfg)
	if err != nil || fresh.same(used) {
		return used
	}
	t.credentials.Store(fresh)
	return fresh
}

// Close lets go of the connections.
func (t *httpTarget) Close() error {
	t.pool.close()
	t.transport.CloseIdleConnections()
	return nil
}

// String names the receiver; it also keeps fmt from printing the fields.
func (t *httpTarget) String() string { return t.label }

// GoString is String, for %#v.
func (t *httpTarget) GoString() string { return t.label }
