package targets_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/targets"
	"github.com/wye-events/wye/targets/targettest"
)

func TestHTTPBinary(t *testing.T)     { targettest.Run(t, httpKind("binary")) }
func TestHTTPStructured(t *testing.T) { targettest.Run(t, httpKind("structured")) }
func TestHTTPBatch(t *testing.T)      { targettest.Run(t, httpKind(batched)) }

// batched is no format of a target, but a kind of its own.
const batched = "batched"

const canary = "canary-4711-canary"

// httpKind is the kind in one format. Every target has a secret, and every
// receiver that answers sends it back. change sets the receivers up, if any.
func httpKind(format string, change ...func(*httptest.Server)) targettest.Kind {
	to := func(t testing.TB, r *receiver, timeout time.Duration) targets.Target {
		cfg := targets.HTTPConfig{
			URL: r.URL + "/orders?token=" + canary, Format: format, Timeout: timeout, Roots: rootsOf(r),
			Headers: map[string]string{"Authorization": "Bearer " + canary},
		}
		if format == batched {
			cfg.Format, cfg.Batch = "", true
		}
		return newHTTP(t, cfg)
	}
	says := func(status int, header map[string]string) func(testing.TB) targets.Target {
		return func(t testing.TB) targets.Target {
			return to(t, answer(t, status, header, "you sent me "+canary, change...), 0)
		}
	}
	well := func(t testing.TB) (targets.Target, targettest.Next) {
		handler, next := arrivals(t)
		return to(t, serve(t, handler, change...), 0), next
	}
	var picks func(t testing.TB) (targets.Target, targettest.Next)
	if format == batched {
		picks = well
	}
	return targettest.Kind{
		Well: well, Picks: picks,
		Hangs: func(t testing.TB, timeout time.Duration) (targets.Target, <-chan struct{}) {
			handler, held := holding(t)
			return to(t, serve(t, handler, change...), timeout), held
		},
		Refuses:   says(http.StatusUnprocessableEntity, nil),
		Fails:     says(http.StatusInternalServerError, nil),
		Throttles: says(http.StatusTooManyRequests, map[string]string{"Retry-After": "7"}),
		Gone:      says(http.StatusGone, nil),
		Unreachable: func(t testing.TB) targets.Target {
			return to(t, &receiver{Server: &httptest.Server{URL: refused(t)}}, 0)
		},
		TypedExtensions: format != "binary",
		Secrets:         []string{canary},
	}
}

// TestHTTP2 delivers over the protocol that TLS negotiates.
func TestHTTP2(t *testing.T) {
	targettest.Run(t, targettest.Kind{
		Well: func(t testing.TB) (targets.Target, targettest.Next) {
			handler, next := arrivals(t)
			r := secure(t, func(w http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor != 2 {
					t.Errorf("came with %s", r.Proto)
				}
				handler(w, r)
			})
			return newHTTP(t, targets.HTTPConfig{URL: r.URL, Roots: rootsOf(r)}), next
		},
		Hangs: func(t testing.TB, timeout time.Duration) (targets.Target, <-chan struct{}) {
			handler, held := holding(t)
			r := secure(t, handler)
			return newHTTP(t, targets.HTTPConfig{URL: r.URL, Roots: rootsOf(r), Timeout: timeout}), held
		},
		Fails: func(t testing.TB) targets.Target {
			r := secure(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
			return newHTTP(t, targets.HTTPConfig{URL: r.URL, Roots: rootsOf(r)})
		},
	})
}

func secure(t testing.TB, handler http.HandlerFunc) *receiver {
	return serve(t, handler, func(s *httptest.Server) { s.EnableHTTP2 = true })
}

// rootsOf is nil for a receiver in clear text.
func rootsOf(r *receiver) *x509.CertPool {
	if r.Certificate() == nil {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AddCert(r.Certificate())
	return pool
}

// TestCertificates are worth a few attempts: a renewal may be under way.
func TestCertificates(t *testing.T) {
	quiet := func(s *httptest.Server) { s.TLS = &tls.Config{}; s.Config.ErrorLog = discard }
	good := serve(t, func(http.ResponseWriter, *http.Request) {}, quiet)
	old := serve(t, func(http.ResponseWriter, *http.Request) {}, func(s *httptest.Server) {
		quiet(s)
		s.TLS.MaxVersion = tls.VersionTLS11
		s.TLS.MinVersion = tls.VersionTLS10
	})
	plain := answer(t, 200, nil, "")
	for name, c := range map[string]struct {
		cfg  targets.HTTPConfig
		want string
	}{
		"unknown authority": {targets.HTTPConfig{URL: good.URL}, "signed by an authority that this machine does not know"},
		"another name":      {targets.HTTPConfig{URL: strings.Replace(good.URL, "127.0.0.1", "localhost", 1), Roots: rootsOf(good)}, "issued for another name"},
		"no TLS":            {targets.HTTPConfig{URL: strings.Replace(plain.URL, "http:", "https:", 1)}, "does not speak TLS"},
		"old TLS":           {targets.HTTPConfig{URL: old.URL, Roots: rootsOf(old)}, "TLS handshake refused"},
	} {
		t.Run(name, func(t *testing.T) {
			err := deliver(t, target(t, c.cfg))
			wantText(t, err, c.want)
			targettest.CheckError(t, err)
			if !is[*targets.Brief](err) {
				t.Errorf("not brief: %v", err)
			}
		})
	}
}
