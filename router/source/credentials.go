package source

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
)

// token is the token for HTTP, "" for none.
func (g *repositoryAt) token() (string, error) {
	if g.opts.TokenFile == "" {
		return g.opts.Token, nil
	}
	text, err := os.ReadFile(g.opts.TokenFile)
	if err != nil {
		return "", &Error{Unauthorized, fmt.Errorf("the token for Git: %w", err)}
	}
	if token := strings.TrimSpace(string(text)); token != "" {
		return token, nil
	}
	return "", &Error{Unauthorized, fmt.Errorf("the token for Git: the file %s is empty", g.opts.TokenFile)}
}

// httpAuth are the credentials for HTTP: the token, else those of the address. A
// token goes with the user of the address, or with a name that says nothing, as
// the usual hosts want it.
func (g *repositoryAt) httpAuth(user *url.Userinfo) (transport.AuthMethod, error) {
	token, err := g.token()
	if err != nil {
		return nil, err
	}
	name, password := "git", token
	if user != nil {
		name = user.Username()
		if token == "" {
			password, _ = user.Password()
		}
	}
	g.secrets = []string{password, url.QueryEscape(password)}
	if user == nil && token == "" {
		return nil, nil
	}
	if g.addr.url.Scheme == "http" && token != "" && !loopback(g.addr.url.Hostname()) {
		return nil, &Error{Unauthorized, errors.New("a token is not sent over git+http, where everybody can read it; use git+https")}
	}
	return &githttp.BasicAuth{Username: name, Password: password}, nil
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// sshAuth is the key for SSH, or the agent, and which hosts are trusted.
func (g *repositoryAt) sshAuth(user string) (gitssh.AuthMethod, error) {
	var files []string
	if g.opts.KnownHosts != "" {
		files = []string{g.opts.KnownHosts}
	}
	known, err := gitssh.NewKnownHostsCallback(files...)
	if err != nil {
		return nil, &Error{Unauthorized, fmt.Errorf("which hosts are trusted cannot be read (%w); name a file with --git-known-hosts", err)}
	}
	trust := gitssh.HostKeyCallbackHelper{HostKeyCallback: known}
	if g.opts.SSHKey == "" {
		agent, err := gitssh.NewSSHAgentAuth(user)
		if err != nil {
			return nil, &Error{Unauthorized, errors.New("there is no SSH agent; name a private key with --git-ssh-key")}
		}
		agent.HostKeyCallbackHelper = trust
		return agent, nil
	}
	pem, err := os.ReadFile(g.opts.SSHKey)
	if err != nil {
		return nil, &Error{Unauthorized, fmt.Errorf("the SSH key: %w", err)}
	}
	g.secrets = []string{g.opts.SSHPassphrase}
	key, err := gitssh.NewPublicKeys(user, pem, g.opts.SSHPassphrase)
	if missing := (*ssh.PassphraseMissingError)(nil); errors.As(err, &missing) {
		err = errors.New("it has a passphrase; set WYE_GIT_SSH_PASSPHRASE")
	}
	if err != nil {
		return nil, &Error{Unauthorized, fmt.Errorf("the SSH key %s cannot be used: %w", g.opts.SSHKey, err)}
	}
	key.HostKeyCallbackHelper = trust
	return key, nil
}
