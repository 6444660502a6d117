package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// Reason says in a word why a source gives no rules.
type Reason string

const (
	Unreachable  Reason = "Unreachable"  // it does not answer, or not in time, or not as it should
	Unauthorized Reason = "Unauthorized" // it wants other credentials, or is not who it should be
	NotFound     Reason = "NotFound"     // there is no such repository or branch
	TooLarge     Reason = "TooLarge"     // it is more than is fetched
)

// Error says why a source gives no rules.
type Error struct {
	Reason Reason
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// failure makes an [Error] of what went wrong with a remote repository, in plain
// words and without the secrets.
func (g *repositoryAt) failure(ctx context.Context, err error) error {
	var told *Error
	if errors.As(err, &told) {
		return told
	}
	where := g.addr.Repository()
	say := func(reason Reason, format string, args ...any) error {
		return &Error{reason, fmt.Errorf(where+": "+format, args...)}
	}
	switch {
	case errors.Is(err, errTooLarge):
		return say(TooLarge, "%w; name a repository of rules only, or raise --git-max-bytes", g.tooLarge())
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), errTooSlow):
		return say(Unreachable, "it was not read within %s", g.opts.Within)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, transport.ErrAuthenticationRequired):
		return say(Unauthorized, "it wants credentials, or others than those given; see --git-token-file and --git-ssh-key")
	case errors.Is(err, transport.ErrAuthorizationFailed):
		return say(Unauthorized, "these credentials may not read it")
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return say(NotFound, "there is no such repository, or these credentials may not see it")
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return say(NotFound, "the repository is empty: it has no commit yet")
	case strings.Contains(err.Error(), "knownhosts:"), strings.Contains(err.Error(), "known_hosts"):
		return say(Unauthorized, "the host's key is not the one in the known_hosts file, or not in it; see --git-known-hosts")
	case strings.Contains(err.Error(), "unable to authenticate"), strings.Contains(err.Error(), "SSH agent"):
		return say(Unauthorized, "it did not take the SSH key; see --git-ssh-key")
	}
	return say(Unreachable, "%s", g.hide(plainly(err)))
}

// plainly is what went wrong in a line, without what the layers above say.
func plainly(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var u *url.Error
	var unexpected *plumbing.UnexpectedError
	switch {
	case errors.As(err, &dns):
		return "the host " + dns.Name + " is not known"
	case errors.As(err, &op):
		return fmt.Sprintf("no connection (%s)", op.Err)
	case errors.As(err, &unexpected) && unexpected.Err != err:
		return plainly(unexpected.Err)
	case errors.As(err, &u):
		return line(u.Err.Error())
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the answer ended early"
	}
	return line(err.Error())
}

// lineMost bounds what is told of the words of others, in characters.
const lineMost = 300

// line makes one short line of the words of others.
func line(text string) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return ' '
		}
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, text)
	if all := []rune(strings.TrimSpace(text)); len(all) > lineMost {
		return string(all[:lineMost]) + "…"
	}
	return strings.TrimSpace(text)
}

// hide takes the secrets out of a text.
func (g *repositoryAt) hide(text string) string {
	for _, secret := range g.secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "redacted")
		}
	}
	return text
}
