package source

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/wye-events/wye/rules"
)

// Address says where rules are: a path of this machine, or a place in a Git
// repository.
type Address struct {
	Path string // of this machine; "" for Git

	url *url.URL // of the repository, without "git+" and the place; nil for a path
	Ref string   // branch, tag or reference; "" for the remote's HEAD
	In  string   // the path inside the repository, as in [Files]; "" for its root
}

const gitPrefix = "git+"

// Parse reads an address: a path, or git+SCHEME://…#branch:path.
func Parse(text string) (Address, error) {
	if !strings.HasPrefix(text, gitPrefix) {
		if scheme, _, is := strings.Cut(text, "://"); is {
			return Address{}, fmt.Errorf("%s://… is not a place that rules are read from; use a path, or a Git repository such as git+https://example.com/rules.git#main", scheme)
		}
		if text == "" {
			return Address{}, errors.New("expected a path, or a Git repository such as git+https://example.com/rules.git#main")
		}
		return Address{Path: text}, nil
	}
	u, err := url.Parse(strings.TrimPrefix(text, gitPrefix))
	if err != nil {
		return Address{}, errors.New("the address of the Git repository cannot be read; expected git+https://HOST/REPO.git#branch:path") // not its text, which may hold a password
	}
	a := Address{url: u}
	a.Ref, a.In, _ = strings.Cut(u.Fragment, ":")
	u.Fragment, u.RawFragment = "", ""
	if err := a.check(); err != nil {
		return Address{}, fmt.Errorf("%s: %w", a, err)
	}
	return a, nil
}

func (a *Address) check() error {
	switch a.url.Scheme {
	case "file":
		if a.url.Host != "" || !path.IsAbs(a.url.Path) {
			return errors.New("expected the absolute path of a repository after three slashes, as in git+file:///srv/rules.git#main")
		}
	case "https", "http", "ssh":
		if a.url.Host == "" || strings.Trim(a.url.Path, "/") == "" {
			return fmt.Errorf("expected a host and a repository, as in git+%s://example.com/rules.git#main", a.url.Scheme)
		}
	default:
		return fmt.Errorf("%q is not a way to a Git repository; there are git+https, git+http, git+ssh and git+file", "git+"+a.url.Scheme)
	}
	if a.url.RawQuery != "" {
		return errors.New("an address with a ? is not understood; a # goes before the branch and the path")
	}
	if strings.ContainsAny(a.Ref, " \t\n^~?*[\\") || strings.Contains(a.Ref, "..") {
		return fmt.Errorf("%q is not the name of a branch or tag", a.Ref)
	}
	return checkIn(a.In)
}

// checkIn refuses a path that does not stay inside the repository.
func checkIn(in string) error {
	dir := strings.TrimSuffix(strings.TrimSuffix(in, "..."), "/")
	if path.IsAbs(in) || dir == ".." || strings.HasPrefix(path.Clean(dir), "../") || strings.Contains("/"+dir+"/", "/../") {
		return fmt.Errorf("the path %q leads out of the repository; expected one from its root (rules, or rules/... with all below it)", in)
	}
	return nil
}

// Git tells whether the address is one of a Git repository.
func (a Address) Git() bool { return a.url != nil }

// Repository is the address of the repository as it may be shown: without a
// password or token.
func (a Address) Repository() string {
	if a.url == nil {
		return ""
	}
	u := *a.url
	if u.User != nil {
		if _, secret := u.User.Password(); secret {
			u.User = url.UserPassword(u.User.Username(), "redacted")
		} else if u.Scheme != "ssh" { // some give a token as the name of the user
			u.User = url.User("redacted")
		}
	}
	return gitPrefix + u.String()
}

// String is the address as it may be shown.
func (a Address) String() string {
	if a.url == nil {
		return a.Path
	}
	text := a.Repository()
	if a.Ref != "" || a.In != "" {
		text += "#" + a.Ref
	}
	if a.In != "" {
		text += ":" + a.In
	}
	return text
}

// Kind says what the address is one of: file, directory, tree (a directory and all
// below it) or git.
func (a Address) Kind() string {
	if a.Git() {
		return "git"
	}
	if _, below := rules.Root(a.Path); below {
		return "tree"
	}
	if info, err := os.Stat(a.Path); err == nil && info.IsDir() {
		return "directory"
	}
	return "file"
}

// Within is the path: of this machine, or inside the repository.
func (a Address) Within() string {
	if a.Git() {
		return shown(a.In)
	}
	return a.Path
}

// ID tells one address from another over restarts, wherever they are started from
// and whoever's credentials are used.
func (a Address) ID() string {
	if a.url == nil {
		if abs, err := filepath.Abs(a.Path); err == nil {
			return abs
		}
		return a.Path
	}
	b, u := a, *a.url
	u.User = nil
	b.url = &u
	return b.String()
}
