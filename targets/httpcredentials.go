package targets

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
)

// credentials is what a target's settings come to when their references are
// resolved: all of a request that is the same for every event.
type credentials struct {
	url     *url.URL
	headers []header
	label   string
	scrub   *scrubber
	wire    *wire // nil where net/http carries the request
}

// header is ready for a request: the name in canonical form.
type header struct {
	name   string
	values []string
}

// same says that two lookups gave the same secrets.
func (c *credentials) same(d *credentials) bool {
	return *c.url == *d.url && slices.EqualFunc(c.headers, d.headers, func(a, b header) bool {
		return a.name == b.name && slices.Equal(a.values, b.values)
	})
}

func resolveCredentials(cfg HTTPConfig) (*credentials, error) {
	c := &credentials{label: labelOf(cfg.URL)}
	secrets, err := c.resolveURL(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	for name, text := range cfg.Headers {
		found, err := c.resolveHeader(name, text)
		if err != nil {
			return nil, fmt.Errorf("header %q: %w", name, err)
		}
		secrets = append(secrets, found...)
	}
	slices.SortFunc(c.headers, func(a, b header) int { return cmp.Compare(a.name, b.name) })
	c.scrub = newScrubber(secrets)
	c.wire = newWire(c)
	return c, nil
}

// resolveURL also returns what must not be shown of it.
func (c *credentials) resolveURL(text string) (secrets []string, err error) {
	secret, err := Resolve(text)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(secret.Reveal())
	// The parser's own error quotes the URL, and with it what is secret.
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, fmt.Errorf("%s is not a web address; write http:// or https://, a host and a path", c.label)
	}
	secrets = append(secret.Parts(), secretsOf(u, secret)...)
	secrets = append(secrets, c.addUser(u)...)
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	c.url = u
	return secrets, nil
}

// secretsOf are the parts of a URL that are credentials where anything is: the
// query's values and, where something came from a reference (a web hook's path
// is its password), the path too. Short ones are words of the language.
func secretsOf(u *url.URL, secret Secret) []string {
	var found []string
	for _, values := range u.Query() {
		found = append(found, values...)
	}
	if len(secret.Parts()) > 0 {
		found = append(found, u.RequestURI(), u.Path, u.RawQuery)
		found = append(found, strings.Split(u.Path, "/")...)
	}
	return slices.DeleteFunc(found, func(s string) bool { return len(s) < 8 })
}

// addUser sends a URL's user and password as the header that they mean, for the
// transport itself does not, and returns what must not be shown of them.
func (c *credentials) addUser(u *url.URL) (secrets []string) {
	if u.User == nil {
		return nil
	}
	password, _ := u.User.Password()
	basic := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
	c.headers = append(c.headers, header{"Authorization", []string{"Basic " + basic}})
	return []string{basic, password}
}

func (c *credentials) resolveHeader(name, text string) (secrets []string, err error) {
	if err := checkHeaderName(name); err != nil {
		return nil, err
	}
	secret, err := Resolve(text)
	if err != nil {
		return nil, err
	}
	value := strings.TrimSpace(secret.Reveal())
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return nil, errors.New("its value has a line break or another control character; a header is one line")
	}
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	for _, h := range c.headers {
		if h.name == canonical {
			return nil, errors.New("it is given twice, perhaps by the URL's user; give it once")
		}
	}
	c.headers = append(c.headers, header{canonical, []string{value}})
	return append(secret.Parts(), literalSecrets(canonical, value)...), nil
}

// literalSecrets are the words of a header that carries credentials, should
// somebody have written them out in spite of the advice.
func literalSecrets(canonical, value string) []string {
	for _, word := range []string{"Auth", "Cookie", "Key", "Secret", "Token", "Password", "Signature"} {
		if strings.Contains(canonical, word) {
			words := append(strings.Fields(value), value)
			return slices.DeleteFunc(words, func(s string) bool { return len(s) < 8 })
		}
	}
	return nil
}

// ownHeaders are those that the event, the delivery or the protocol decides.
var ownHeaders = []string{
	"Connection", "Content-Length", "Content-Type", "Expect", "Host", "Keep-Alive",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

func checkHeaderName(name string) error {
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	switch {
	case name == "" || strings.ContainsFunc(name, notInToken):
		return errors.New("it is not a header name; use letters, digits and hyphens")
	case slices.Contains(ownHeaders, canonical):
		return errors.New("it cannot be set; the request decides it")
	case strings.HasPrefix(canonical, "Ce-"), strings.HasPrefix(canonical, "Wye-"):
		return errors.New("it cannot be set; it belongs to the event and its delivery")
	case canonical == "Idempotency-Key", canonical == "X-Idempotency-Key":
		// It would also make the transport send a request again by itself.
		return errors.New("it would be the same for every event; use wye-delivery-id, which is sent with each")
	}
	return nil
}

func notInToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
}

// labelOf names a receiver in errors: scheme and host as they are written, with
// references unresolved, or the reference that the whole URL is. Path and query
// stay out, for either may be the secret.
func labelOf(text string) string {
	scheme, rest, _ := strings.Cut(text, "://")
	host := rest[:indexAny(rest, "/?#")]
	if host == "" {
		return referencesIn(text)
	}
	host = host[strings.LastIndexByte(host, '@')+1:]
	return scheme + "://" + host
}

// indexAny is strings.IndexAny with the end where there is none; it does not
// stop within a reference, whose path has slashes.
func indexAny(text, chars string) int {
	for i := 0; i < len(text); i++ {
		if strings.HasPrefix(text[i:], "${") {
			i += max(strings.IndexByte(text[i:], '}'), 0)
		} else if strings.IndexByte(chars, text[i]) >= 0 {
			return i
		}
	}
	return len(text)
}

func referencesIn(text string) string {
	var refs []string
	for _, part := range strings.Split(text, "${")[1:] {
		ref, _, _ := strings.Cut(part, "}")
		refs = append(refs, "${"+ref+"}")
	}
	return cmp.Or(strings.Join(refs, " "), "the URL")
}
