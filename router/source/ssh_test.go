package source

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// newKey is a signer, and the file of its private key.
func newKey(t testing.TB) (ssh.Signer, string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer, inFile(t, "key", string(pem.EncodeToMemory(block)))
}

func inFile(t testing.TB, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// serveSSH serves repositories by SSH to the owner of one key, and gives its address.
func serveSSH(t testing.TB, host ssh.Signer, user ssh.PublicKey) net.Addr {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git, to serve a repository: ", err)
	}
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(user.Marshal()) {
			return nil, os.ErrPermission
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveSSHTo(c, config)
		}
	}()
	return l.Addr()
}

func serveSSHTo(c net.Conn, config *ssh.ServerConfig) {
	defer c.Close()
	_, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		for req := range asked {
			program, path, _ := strings.Cut(string(req.Payload[4:]), " ")
			req.Reply(req.Type == "exec" && program == "git-upload-pack", nil)
			cmd := exec.Command("git", "upload-pack", strings.Trim(path, "'"))
			cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
			in, err := cmd.StdinPipe()
			if err != nil {
				return
			}
			go func() {
				io.Copy(in, channel)
				in.Close()
			}()
			status := byte(0)
			if cmd.Run() != nil {
				status = 1
			}
			channel.SendRequest("exit-status", false, []byte{0, 0, 0, status})
			channel.Close()
		}
	}
}

func TestSSH(t *testing.T) {
	host, _ := newKey(t)
	user, file := newKey(t)
	_, otherFile := newKey(t)
	r := newRepository(t)
	r.set("rules/a.yaml", "one").commit("main")
	addr := serveSSH(t, host, user.PublicKey())
	at := "git+ssh://git@" + addr.String() + r.dir + "#main:rules"
	known := inFile(t, "known_hosts", knownhosts.Line([]string{addr.String()}, host.PublicKey())+"\n")
	strange := inFile(t, "known_hosts", knownhosts.Line([]string{addr.String()}, user.PublicKey())+"\n")

	src := opened(t, at, Options{SSHKey: file, KnownHosts: known})
	if text, _ := saw(t, src); text != "one" {
		t.Errorf("%q", text)
	}
	two := r.set("rules/a.yaml", "two").commit("main")
	if text, found := saw(t, src); text != "two" || found.Commit != two {
		t.Errorf("%q", text)
	}
	for name, c := range map[string]struct {
		opts Options
		says string
	}{
		"another key":              {Options{SSHKey: otherFile, KnownHosts: known}, "did not take the SSH key"},
		"another host":             {Options{SSHKey: file, KnownHosts: strange}, "host's key"},
		"a host that is not known": {Options{SSHKey: file, KnownHosts: inFile(t, "known_hosts", "")}, "host's key"},
	} {
		_, err := opened(t, at, c.opts).Look(t.Context())
		if reason(t, err) != Unauthorized || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := opened(t, strings.Replace(at, "rules.git", "other.git", 1), Options{SSHKey: file, KnownHosts: known}).Look(t.Context())
	if got := reason(t, err); got != NotFound {
		t.Errorf("no such repository: %v", err)
	}
}

// TestSSHThatSaysNothing: a host that takes connections and says nothing costs the
// time that a look may take, and one connection however often it is asked.
func TestSSHThatSaysNothing(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	taken := make(chan net.Conn, 8)
	go func() {
		for {
			c, err := silent.Accept()
			if err != nil {
				close(taken)
				return
			}
			taken <- c
		}
	}()
	_, file := newKey(t)
	src := opened(t, "git+ssh://git@"+silent.Addr().String()+"/rules.git", Options{SSHKey: file, KnownHosts: inFile(t, "known_hosts", ""), Within: time.Second})
	for range 3 {
		if _, err := src.Look(t.Context()); reason(t, err) != Unreachable {
			t.Errorf("%v", err)
		}
	}
	silent.Close()
	n := 0
	for c := range taken {
		c.Close()
		n++
	}
	if n != 1 {
		t.Errorf("%d connections were made", n)
	}
}
