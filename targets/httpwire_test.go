package targets_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/targets"
	"github.com/wye-events/wye/targets/targettest"
)

// TestSameOnTheWire: what goes out in clear text is what net/http would send,
// but for the order of the lines, which means nothing.
func TestSameOnTheWire(t *testing.T) {
	r := raw(t, func(int) string { return ok })
	base := strings.TrimSuffix(r.url, "/orders")
	for name, cfg := range map[string]targets.HTTPConfig{
		"plain":       {URL: base + "/orders"},
		"structured":  {URL: base + "/orders", Format: "structured"},
		"no path":     {URL: base},
		"query alone": {URL: base + "?a=b&c=%20d"},
		"odd path":    {URL: base + "/a b/%2f/€?q=€#part"},
		"user":        {URL: strings.Replace(base, "//", "//user:p%40ss@", 1) + "/"},
		"a name":      {URL: strings.Replace(base, "127.0.0.1", "LocalHost", 1) + "/x"},
		"headers":     {URL: base + "/", Headers: map[string]string{"authorization": "Bearer  x ", "X-Empty": "", "x-tab": "a\tb", "X-Text": "Zürich"}},
		"agent":       {URL: base + "/", Headers: map[string]string{"user-agent": "mine/1"}},
		"no agent":    {URL: base + "/", Headers: map[string]string{"User-Agent": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			for kind, e := range targettest.Events() {
				d := targettest.Delivery(7, e)
				d.ID, d.Replay = "\t"+d.ID+" ", []string{"", "r-7 "}[len(kind)%2]
				var heads [2]string
				for i, to := range []targets.Target{target(t, cfg), targets.ByTransport(target(t, cfg))} {
					if err := to.Deliver(t.Context(), d); err != nil {
						t.Fatal(err)
					}
					heads[i] = sorted(<-r.heads)
				}
				if heads[0] != heads[1] {
					t.Errorf("%s: sent\n%s\nnet/http sends\n%s", kind, heads[0], heads[1])
				}
			}
		})
	}
}

// sorted leaves the request line where it is.
func sorted(head string) string {
	lines := strings.Split(head, "\r\n")
	slices.Sort(lines[1:])
	return strings.Join(lines, "\r\n")
}

// TestWhoCarries: what net/http has to translate stays with it.
func TestWhoCarries(t *testing.T) {
	for url, want := range map[string]bool{
		"http://h": true, "http://h:80/": true, "http://[::1]:8080/x": true, "http://a.b-c_d/": true, "http://127.0.0.1": true,
		"https://h": false, "http://zürich.example/": false, "http://[fe80::1%25eth0]/": false, "http://a<b/": false,
	} {
		if got := targets.IsOwn(newHTTP(t, targets.HTTPConfig{URL: url})); got != want {
			t.Errorf("%s: own connections: %v", url, got)
		}
	}
}

func TestIPv6(t *testing.T) {
	r := raw6(t, func(int) string { return ok })
	if err := deliver(t, target(t, targets.HTTPConfig{URL: r.url})); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimSuffix(strings.TrimPrefix(r.url, "http://"), "/orders")
	if head := <-r.heads; !strings.Contains(head, "\r\nHost: "+host+"\r\n") {
		t.Errorf("no host %s in %q", host, head)
	}
}

// byTransport is a part of a test's name that makes its targets use net/http's
// transport in clear text too, so that both ways are held to the same tests.
const byTransport = "by net-http"

func TestByTransport(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"timeouts": TestTimeouts, "huge answers": TestHugeAnswers, "redirects": TestRedirectsAreNotFollowed,
		"injection": TestHeaderInjection, "close": TestClose, "repetition": TestNoSilentRepetition,
		"broken off": TestBrokenOff, "unreachable": TestUnreachable, "caller": TestCallersDeadline, "user": TestUserOfURL,
		"during": TestCloseDuringDelivery, "binary": TestHTTPBinary, "structured": TestHTTPStructured, "batch": TestHTTPBatch,
	} {
		t.Run(byTransport+"/"+name, test)
	}
}

// TestHTTPS is HTTP/1.1 over TLS.
func TestHTTPS(t *testing.T) {
	kind := httpKind("binary", func(s *httptest.Server) { s.TLS = &tls.Config{}; s.Config.ErrorLog = discard })
	targettest.Run(t, kind)
}

func TestTimeoutsOverTLS(t *testing.T) {
	hanging, _ := holding(t)
	for want, handler := range map[string]*receiver{
		"while waiting for the answer":    secure(t, hanging),
		"while reading the answer's body": secure(t, drip(200)),
	} {
		err := deliver(t, target(t, targets.HTTPConfig{URL: handler.URL, Roots: rootsOf(handler), Timeout: 150 * time.Millisecond}))
		wantText(t, err, "timeout after 150ms "+want)
	}
}

// TestReuseOverTLS is not exact: net/http drops a connection whose goroutines
// are slow to agree that it is free.
func TestReuseOverTLS(t *testing.T) {
	r := secure(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "thank you") })
	to := target(t, targets.HTTPConfig{URL: r.URL, Roots: rootsOf(r)})
	for range 50 {
		if err := deliver(t, to); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.opened.Load(); n > 5 {
		t.Errorf("%d connections for 50 deliveries one after another", n)
	}
}
