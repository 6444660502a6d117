package cloudevent

import (
	"net/netip"
	"strconv"
	"strings"
)

func quote(v string) string { return strconv.Quote(clip(v)) }

// uriReferenceFault holds the URI-reference of RFC 3986 section 4.1.
func uriReferenceFault(v string) string {
	if why := uriReference(v); why != "" {
		return quote(v) + " is not a URI reference (RFC 3986): " + why
	}
	return ""
}

// uriFault holds the URI of the type system: it must have a scheme. A
// fragment is let through although the grammar of RFC 3986 section 4.3, which
// the specification cites, has none: JSON Schemas are named with one.
func uriFault(v string) string {
	if why := uriReference(v); why != "" {
		return quote(v) + " is not a URI (RFC 3986): " + why
	}
	if i := firstPart(v); i == len(v) || v[i] != ':' {
		return quote(v) + ` is not an absolute URI; start it with a scheme, for example "https:" or "urn:"`
	}
	return ""
}

// uriReference says what is wrong with v, or nothing.
func uriReference(v string) string {
	if why := uriBytes(v); why != "" {
		return why
	}
	rest, fragment, _ := strings.Cut(v, "#")
	if strings.IndexByte(fragment, '#') >= 0 {
		return "it has two fragments; write # within one as %23"
	}
	if i := firstPart(rest); i < len(rest) && rest[i] == ':' {
		if !isScheme(rest[:i]) {
			return `what is before the first colon is not a scheme; write a colon in the first part of a path as %3A, or start with "./"`
		}
		rest = rest[i+1:]
	}
	if authority, ok := strings.CutPrefix(rest, "//"); ok {
		end := strings.IndexByte(authority, '/')
		if end < 0 {
			end = len(authority)
		}
		if q := strings.IndexByte(authority[:end], '?'); q >= 0 {
			end = q
		}
		authority, rest = authority[:end], authority[end:]
		if why := authorityFault(authority); why != "" {
			return why
		}
	}
	if hasBracket(rest) || hasBracket(fragment) {
		return "square brackets may only enclose an IP address; write them as %5B and %5D"
	}
	return ""
}

// firstPart is the length of what could be a scheme.
func firstPart(v string) int {
	for i := range len(v) {
		if c := v[i]; c == ':' || c == '/' || c == '?' || c == '#' {
			return i
		}
	}
	return len(v)
}

func hasBracket(s string) bool {
	return strings.IndexByte(s, '[') >= 0 || strings.IndexByte(s, ']') >= 0
}

// uriBytes looks at each character by itself.
func uriBytes(v string) string {
	for i := range len(v) {
		c := v[i]
		switch {
		case !uriByte[c] && c < 0x80:
			return "it cannot have the character " + strconv.QuoteRune(rune(c)) + "; percent-encode it as %" + hexByte(c)
		case !uriByte[c]:
			return "it can only have ASCII characters; percent-encode the others"
		case c == '%' && (i+2 >= len(v) || unhex[v[i+1]] < 0 || unhex[v[i+2]] < 0):
			return "a percent sign needs two hexadecimal digits after it; write a literal percent sign as %25"
		}
	}
	return ""
}

func hexByte(c byte) string {
	const hex = "0123456789ABCDEF"
	return string([]byte{hex[c>>4], hex[c&15]})
}

var uriByte = byteSet(alphanumeric + "-._~:/?#[]@!$&'()*+,;=%")

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		other := c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return s != ""
}

// authorityFault holds RFC 3986 section 3.2: [userinfo@]host[:port].
func authorityFault(s string) string {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		if strings.IndexByte(s[:i], '@') >= 0 || hasBracket(s[:i]) {
			return "the part before @ in its authority has a character that must be percent-encoded"
		}
		s = s[i+1:]
	}
	host, port := s, ""
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 || !isIPLiteral(s[1:end]) {
			return "the square brackets of its host enclose no IP address"
		}
		host, port = "", s[end+1:]
		if port != "" && port[0] != ':' {
			return "its host has text after the closing square bracket"
		}
		port = strings.TrimPrefix(port, ":")
	} else if i := strings.IndexByte(s, ':'); i >= 0 {
		host, port = s[:i], s[i+1:]
	}
	if hasBracket(host) {
		return "its host has a square bracket in the wrong place"
	}
	if strings.Trim(port, "0123456789") != "" {
		return "its port is not a number"
	}
	return ""
}

// isIPLiteral is an IPv6 address without a zone, or the IPvFuture form.
func isIPLiteral(s string) bool {
	if version, address, ok := strings.Cut(s, "."); ok && len(version) > 1 && version[0]|0x20 == 'v' {
		return strings.Trim(version[1:], "0123456789abcdefABCDEF") == "" &&
			address != "" && !strings.ContainsAny(address, "%/?#[]@")
	}
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Is6() && ip.Zone() == ""
}
