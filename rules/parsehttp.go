package rules

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// http reads an http target, and where its format is written.
func (p *parser) http(key, n *yaml.Node) (h *HTTP, format *yaml.Node) {
	h = &HTTP{Timeout: defaultTimeout, Format: "binary", RetryAfterMax: defaultRetryAfterMax}
	p.inside("http", n, keysOf(httpShape{}), func(entries map[string]entry) {
		if e, ok := entries["url"]; !ok {
			p.missing(key, "url", "url: https://orders.example.com/events")
		} else if h.URL, ok = p.text("url", e.value, "https://orders.example.com/events"); ok {
			p.url(e.value)
		}
		if e, ok := entries["headers"]; ok {
			h.Headers = p.headers(e.value)
		}
		p.setDuration(entries, "timeout", &h.Timeout)
		p.setDuration(entries, "retry_after_max", &h.RetryAfterMax)
		if e, ok := entries["on_status"]; ok {
			h.OnStatus = p.onStatus(e.value)
		}
		if e, ok := entries["format"]; ok {
			format = e.value
			if v, ok := p.oneOf("format", e.value, "binary", "structured"); ok {
				h.Format = v
			}
		}
	})
	return h, format
}

// urlPattern is the form of a URL, for the JSON Schema.
const urlPattern = `^[hH][tT][tT][pP][sS]?://[^\s/?#@]+([/?#]\S*)?$`

var urlExpr = regexp.MustCompile(urlPattern)

func (p *parser) url(n *yaml.Node) {
	const hint = "write it in full, for example https://orders.example.com/events"
	u, err := url.Parse(n.Value)
	switch {
	case strings.Contains(n.Value, "${"):
		p.report(n, codeURL, "a URL cannot hold a ${…} reference", "put the credential into a header: headers: {authorization: \"Bearer ${env:TOKEN}\"}")
	case err == nil && u.User != nil, secretURL.MatchString(n.Value):
		// The URL is not shown: there is a password in it.
		p.report(n, codeURL, fmt.Sprintf("the url of %s holds a user name or password", p.what),
			"put the credential into a header: headers: {authorization: \"Basic ${env:CREDENTIAL}\"}")
	case err != nil:
		p.report(n, codeURL, fmt.Sprintf("%s is not a URL", quote(n.Value)), hint)
	case u.Scheme != "http" && u.Scheme != "https":
		p.report(n, codeURL, fmt.Sprintf("%s is not an http or https URL", quote(n.Value)), hint)
	case u.Hostname() == "":
		p.report(n, codeURL, fmt.Sprintf("%s has no host", quote(n.Value)), hint)
	case badPort(u.Port()):
		p.report(n, codeURL, fmt.Sprintf("%s has a port that there is not", quote(n.Value)), "a port is a number from 1 to 65535")
	case !urlExpr.MatchString(n.Value):
		p.report(n, codeURL, fmt.Sprintf("%s has a character that a URL cannot have", quote(n.Value)), hint)
	}
}

func badPort(port string) bool {
	if port == "" {
		return false
	}
	n, err := strconv.Atoi(port)
	return err != nil || n < 1 || n > 65535
}

const headerPattern = "^[-!#$%&'*+.^_`|~0-9A-Za-z]+$"

var headerExpr = regexp.MustCompile(headerPattern)

// reservedHeaders belong to the delivery itself or to the connection.
var reservedHeaders = []string{
	"host", "content-length", "content-type", "transfer-encoding", "connection", "keep-alive",
	"proxy-connection", "te", "trailer", "upgrade", "expect",
}

func (p *parser) headers(n *yaml.Node) map[string]string {
	outer := p.what
	p.what = "headers of " + outer
	defer func() { p.what = outer }()
	headers, written := map[string]string{}, map[string]string{}
	for _, e := range p.entries(n, "a mapping from header names to values") {
		name := strings.ToLower(e.key.Value)
		p.headerName(e.key, name)
		if other, twice := written[name]; twice {
			p.report(e.key, codeDuplicate, fmt.Sprintf("%s has %s and %s, which are the same header", p.what, quote(other), quote(e.key.Value)), "remove one of them")
		}
		written[name] = e.key.Value
		if isCredential(name) && e.value.Kind == yaml.ScalarNode && e.value.ShortTag() != "!!str" {
			p.report(e.value, codeKind, fmt.Sprintf("%s of %s is not a text", e.key.Value, p.what), "write ${env:NAME} for an environment variable")
			continue
		}
		if v, ok := p.text(e.key.Value, e.value, ""); ok {
			p.headerValue(name, e.value)
			headers[name] = v
		}
	}
	return headers
}

func (p *parser) headerName(key *yaml.Node, name string) {
	switch {
	case !headerExpr.MatchString(name):
		p.report(key, codeHeader, fmt.Sprintf("%s cannot be the name of a header", quote(key.Value)), "letters, digits and -, for example x-api-version")
	case contained(reservedHeaders, name):
		p.report(key, codeHeader, fmt.Sprintf("the header %s is set by the delivery itself", name), "remove it")
	case strings.HasPrefix(name, "wye-"):
		p.report(key, codeHeader, fmt.Sprintf("the header %s is set by the delivery itself", name), "remove it, or use a name that does not begin with wye-")
	case name == "idempotency-key", name == "x-idempotency-key":
		p.report(key, codeHeader, fmt.Sprintf("the header %s would be the same for every event", name), "remove it; receivers find what they need in wye-delivery-id, which is sent with each delivery")
	case strings.HasPrefix(name, "ce-"):
		p.report(key, codeHeader, fmt.Sprintf("the header %s is an attribute of the event; a target cannot change it", name), "remove it, or use a name that does not begin with ce-")
	}
}

func (p *parser) headerValue(name string, n *yaml.Node) {
	if strings.ContainsFunc(n.Value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		p.report(n, codeHeader, fmt.Sprintf("the value of the header %s has a line break or control character in it", name), "write it in one line")
		return
	}
	references, ok := p.references(n)
	if ok && references == 0 && isCredential(name) {
		problem := p.file.problem(placeOf(n), codeCredential, fmt.Sprintf("the header %s of %s looks like a credential that is written into the file", name, strings.TrimPrefix(p.what, "headers of ")),
			"keep it out of the file: put it into an environment variable and write ${env:NAME} in its place, or ${file:/path} for a file")
		problem.Severity = Warning
		p.add(problem)
	}
}

var credentialExpr = regexp.MustCompile(`token|secret|password|passwd|api-?key|^authorization$|^proxy-authorization$|^cookie$|credential`)

func isCredential(header string) bool { return credentialExpr.MatchString(header) }

var referenceExpr = regexp.MustCompile(`^(env:[A-Za-z_][A-Za-z0-9_]*|file:/[^{}\x00]+)$`)

// references counts the ${…} in a value, and reports those that are malformed.
func (p *parser) references(n *yaml.Node) (count int, ok bool) {
	const hint = "write ${env:NAME} for an environment variable or ${file:/absolute/path} for a file"
	rest := n.Value
	for {
		_, after, found := strings.Cut(rest, "${")
		if !found {
			return count, true
		}
		inside, next, closed := strings.Cut(after, "}")
		switch {
		case !closed:
			p.report(n, codeReference, "a ${ is not closed with }", hint)
			return count, false
		case !referenceExpr.MatchString(inside):
			p.report(n, codeReference, fmt.Sprintf("${%s} is not a reference", inside), hint)
			return count, false
		}
		count++
		rest = next
	}
}
