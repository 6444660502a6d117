package source

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"golang.org/x/crypto/ssh"
)

// findRemote asks a remote repository what the address's branch names, and fetches
// that commit if it is another than before.
func (g *repositoryAt) findRemote(ctx context.Context) (*Snapshot, error) {
	session, err := g.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	refs, err := session.AdvertisedReferencesContext(ctx)
	if err != nil {
		return nil, err
	}
	tip, name, err := g.resolve(headOf(refs), func(name string) (plumbing.Hash, bool) {
		if name == "HEAD" && refs.Head != nil {
			return *refs.Head, true
		}
		hash, ok := refs.References[name]
		return hash, ok
	})
	if err != nil {
		return nil, err
	}
	if known := g.known(tip, name); known != nil {
		return known, nil
	}
	return g.fetch(ctx, session, refs.Capabilities, tip, name)
}

// headOf is the branch that HEAD stands for, "" where the server does not say.
func headOf(refs *packp.AdvRefs) string {
	for _, pair := range refs.Capabilities.Get(capability.SymRef) {
		if to, is := strings.CutPrefix(pair, "HEAD:"); is {
			return to
		}
	}
	return ""
}

// fetch fetches one commit with its tree into a directory of its own, reads the
// files and removes the directory.
func (g *repositoryAt) fetch(ctx context.Context, session transport.UploadPackSession, can *capability.List, tip plumbing.Hash, name string) (*Snapshot, error) {
	if g.opts.Temp != "" {
		if err := os.MkdirAll(g.opts.Temp, 0o700); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp(g.opts.Temp, "fetch-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	pack, err := os.Create(filepath.Join(dir, "fetched.pack"))
	if err != nil {
		return nil, err
	}
	defer pack.Close()
	partial, err := g.download(ctx, session, can, tip, pack)
	if err != nil {
		return nil, err
	}
	if err := measure(ctx, pack, g.opts.MaxBytes); err != nil {
		return nil, err
	}
	if _, err := pack.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	objects := filesystem.NewStorage(osfs.New(filepath.Join(dir, "git"), osfs.WithBoundOS()), cache.NewObjectLRU(8*cache.MiByte))
	if err := packfile.WritePackfileToObjectStorage(objects, pack); err != nil {
		return nil, fmt.Errorf("what was fetched cannot be read: %w", err)
	}
	return g.readCommit(objects, tip, name, partial)
}

// download writes the pack of one commit to a file, and tells whether large blobs
// were left out.
func (g *repositoryAt) download(ctx context.Context, session transport.UploadPackSession, can *capability.List, tip plumbing.Hash, to io.Writer) (partial bool, err error) {
	req := packp.NewUploadPackRequestFromCapabilities(can)
	req.Wants = []plumbing.Hash{tip}
	if can.Supports(capability.NoProgress) {
		req.Capabilities.Set(capability.NoProgress)
	}
	if can.Supports(capability.Shallow) {
		req.Capabilities.Set(capability.Shallow)
		req.Depth = packp.DepthCommits(1)
	}
	if partial = can.Supports(capability.Filter); partial {
		req.Capabilities.Set(capability.Filter)
		req.Filter = packp.FilterBlobLimit(fileMost, packp.BlobLimitPrefixNone)
	}
	answer, err := session.UploadPack(ctx, req)
	if err != nil {
		return false, err
	}
	defer answer.Close()
	from := io.Reader(answer)
	switch {
	case req.Capabilities.Supports(capability.Sideband64k):
		from = sideband.NewDemuxer(sideband.Sideband64k, answer)
	case req.Capabilities.Supports(capability.Sideband):
		from = sideband.NewDemuxer(sideband.Sideband, answer)
	}
	n, err := io.Copy(to, io.LimitReader(from, g.opts.MaxBytes+1))
	if err == nil && n > g.opts.MaxBytes {
		err = errTooLarge
	}
	return partial, err
}

// connect begins a session with the repository's server.
func (g *repositoryAt) connect(ctx context.Context) (transport.UploadPackSession, error) {
	u := *g.addr.url
	user := u.User
	u.User = nil
	at, err := transport.NewEndpoint(u.String())
	if err != nil {
		return nil, err
	}
	if u.Scheme == "ssh" {
		return g.connectSSH(ctx, at, user)
	}
	auth, err := g.httpAuth(user)
	if err != nil {
		return nil, err
	}
	web := &http.Client{Transport: &bounded{next: http.DefaultTransport, most: g.opts.MaxBytes + headRoom}}
	return githttp.NewClient(web).NewUploadPackSession(at, auth)
}

// connectSSH connects and shakes hands, of which the library's part does not end
// with ctx: there is one at a time, whatever becomes of it.
func (g *repositoryAt) connectSSH(ctx context.Context, at *transport.Endpoint, user *url.Userinfo) (transport.UploadPackSession, error) {
	at.User = "git"
	if user != nil {
		at.User = user.Username()
	}
	auth, err := g.sshAuth(at.User)
	if err != nil {
		return nil, err
	}
	select {
	case g.dialing <- struct{}{}:
	default:
		return nil, &Error{Unreachable, fmt.Errorf("%s: the host took a connection and says nothing", g.addr.Repository())}
	}
	type result struct {
		transport.UploadPackSession
		error
	}
	done := make(chan result)
	go func() {
		defer func() { <-g.dialing }()
		s, err := gitssh.NewClient(nil).NewUploadPackSession(at, timed{auth, g.opts.Within})
		select {
		case done <- result{s, err}:
		case <-ctx.Done():
			if err == nil {
				s.Close()
			}
		}
	}()
	select {
	case r := <-done:
		return r.UploadPackSession, r.error
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// timed bounds how long a connection may take.
type timed struct {
	gitssh.AuthMethod
	within time.Duration
}

func (t timed) ClientConfig() (*ssh.ClientConfig, error) {
	c, err := t.AuthMethod.ClientConfig()
	if err == nil {
		c.Timeout = t.within
	}
	return c, err
}

// headRoom is what an answer may have beside a pack, such as the references.
const headRoom = 32 << 20

// bounded is a transport whose answers have a bounded size.
type bounded struct {
	next http.RoundTripper
	most int64
}

func (b *bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(req)
	if err == nil {
		res.Body = &boundedBody{ReadCloser: res.Body, left: b.most}
	}
	return res, err
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
