package targets

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// inWords says what went wrong on the way to a receiver, for a person who does
// not know which library carried the request. The cause itself is not wrapped:
// its text names types, addresses and sometimes the request's URL.
func inWords(err error) error {
	if text := certificateProblem(err); text != "" {
		return &Brief{errors.New(text)}
	}
	return errors.New(networkProblem(err))
}

// certificateProblem is empty where err is about something else.
func certificateProblem(err error) string {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var any *tls.CertificateVerificationError
	switch {
	case errors.As(err, &authority):
		return "TLS certificate problem: signed by an authority that this machine does not know; install its certificate or renew the receiver's"
	case errors.As(err, &name):
		return "TLS certificate problem: issued for another name than the URL's; correct the URL or the certificate"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "TLS certificate problem: expired or not yet valid; renew it or correct the clock"
	case errors.As(err, &invalid), errors.As(err, &any):
		return "TLS certificate problem: not valid for a server; renew it"
	}
	return handshakeProblem(err)
}

func handshakeProblem(err error) string {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &record):
		return "the receiver does not speak TLS; use http:// or the port that does"
	case errors.As(err, &alert), refusedHandshake(err):
		return "TLS handshake refused by the receiver; it may ask for a client certificate or for another TLS version"
	}
	return ""
}

// refusedHandshake finds the alerts that the receiver sent, which have a type
// of their own only in QUIC.
func refusedHandshake(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// networkProblems are told in this order: the first that err is.
var networkProblems = []struct {
	err  error
	text string
}{
	{syscall.ECONNREFUSED, "connection refused; start the receiver or correct the port"},
	{syscall.EHOSTUNREACH, "no route to the host; look at the network between here and there"},
	{syscall.ENETUNREACH, "no route to the network; look at the network between here and there"},
	{syscall.EMFILE, "this process has too many open files; raise its limit"},
	{syscall.EADDRNOTAVAIL, "this machine has no free local port left; lower the concurrency"},
	{syscall.ECONNRESET, "the connection was reset before the answer was complete"},
	{syscall.EPIPE, "the connection was closed before the request was sent"},
	{io.ErrUnexpectedEOF, "the connection was closed before the answer was complete"},
	{io.EOF, "the connection was closed before an answer"},
}

func networkProblem(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return nameProblem(dns)
	}
	for _, p := range networkProblems {
		if errors.Is(err, p.err) {
			return p.text
		}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "timeout while connecting"
	}
	return spokenProblem(err.Error())
}

func nameProblem(err *net.DNSError) string {
	switch {
	case err.IsNotFound:
		return "name not found; correct the URL's host or add it to the name server"
	case err.IsTimeout:
		return "timeout while looking up the name; look at the name server"
	}
	return "the name lookup failed; look at the name server"
}

// spokenProblem tells apart what the HTTP library says only as text. A text
// that it says differently one day falls to the last line, no worse.
func spokenProblem(text string) string {
	switch {
	case strings.Contains(text, "server closed idle connection"):
		return "the connection was closed before an answer"
	case strings.Contains(text, "headers exceeded"), strings.Contains(text, "headers too large"):
		return "the answer's headers are larger than 64 KiB"
	case strings.Contains(text, "malformed"):
		return "the answer is not HTTP; correct the URL's host or port"
	}
	return "the connection failed before the answer was complete"
}
