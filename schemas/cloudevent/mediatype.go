package cloudevent

import "strings"

// splitMediaType takes an RFC 2046 media type apart (grammar of RFC 9110
// section 8.3.1): "type/subtype" and its parameters. The fault is the rest of
// a sentence, empty where there is none.
func splitMediaType(ct string) (media, params, fault string) {
	media, params, _ = strings.Cut(ct, ";")
	media = strings.TrimRight(media, " ")
	major, minor, ok := strings.Cut(media, "/")
	if !ok || !isToken(major) || !isToken(minor) {
		return "", "", `is not a media type; write it as "type/subtype", for example "application/json"`
	}
	for rest := params; rest != ""; {
		if _, _, rest, ok = nextParam(rest); !ok {
			return "", "", `has a parameter that is not name=value; write for example "text/plain; charset=utf-8"`
		}
	}
	return media, params, ""
}

// nextParam reads one parameter, which may be empty (RFC 9110 section 5.6.6).
func nextParam(s string) (name, value, rest string, ok bool) {
	s = strings.TrimLeft(s, " ")
	if s == "" || s[0] == ';' {
		return "", "", strings.TrimPrefix(s, ";"), true
	}
	name, s, ok = strings.Cut(s, "=")
	if !ok || !isToken(name) || s == "" {
		return "", "", "", false
	}
	if s[0] == '"' {
		value, rest, ok = cutQuoted(s)
		rest = strings.TrimLeft(rest, " ")
		return name, value, strings.TrimPrefix(rest, ";"), ok && (rest == "" || rest[0] == ';')
	}
	value, rest, _ = strings.Cut(s, ";")
	value = strings.TrimRight(value, " ")
	return name, value, rest, isToken(value)
}

// charset is the parameter of that name.
func charset(params string) (string, bool) {
	for params != "" {
		name, value, rest, ok := nextParam(params)
		if !ok {
			break
		}
		if strings.EqualFold(name, "charset") {
			return value, true
		}
		params = rest
	}
	return "", false
}

// essence is the media type without parameters.
func essence(ct string) string {
	if i := strings.IndexByte(ct, ';'); i >= 0 {
		ct = strings.TrimRight(ct[:i], " ")
	}
	return ct
}

// declaresJSON follows JSON format section 3.1.1: */json and */*+json.
func declaresJSON(ct string) bool {
	ct = essence(ct)
	return hasSuffixFold(ct, "/json") || hasSuffixFold(ct, "+json")
}

// declaresText is true for text/*, for XML (JSON format section 3.2 shows it
// as a string) and for whatever names its charset.
func declaresText(ct string) bool {
	media := essence(ct)
	if len(media) >= 5 && strings.EqualFold(media[:5], "text/") ||
		hasSuffixFold(media, "/xml") || hasSuffixFold(media, "+xml") {
		return true
	}
	_, params, _ := strings.Cut(ct, ";")
	_, ok := charset(params)
	return ok
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// isToken follows RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if !tokenByte[s[i]] {
			return false
		}
	}
	return s != ""
}

var tokenByte = byteSet("!#$%&'*+-.^_`|~" + alphanumeric)

const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func byteSet(members string) (set [256]bool) {
	for i := range len(members) {
		set[members[i]] = true
	}
	return set
}
