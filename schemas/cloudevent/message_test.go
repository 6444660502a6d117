package cloudevent_test

import (
	"net/textproto"
	"strings"
)

// binaryMessage is a message in binary mode with a usual set of headers and
// the changes: "name: value" replaces or adds, "-name" takes away. Names stay
// as they are written.
func binaryMessage(changes ...string) map[string][]string {
	h := map[string][]string{
		"Ce-Specversion": {"1.0"},
		"Ce-Id":          {"A-1"},
		"Ce-Source":      {"/shop"},
		"Ce-Type":        {"com.example.order"},
	}
	for _, change := range changes {
		if name, ok := strings.CutPrefix(change, "-"); ok {
			delete(h, textproto.CanonicalMIMEHeaderKey(name))
			continue
		}
		name, value, _ := strings.Cut(change, ": ")
		if canonical := textproto.CanonicalMIMEHeaderKey(name); strings.HasPrefix(canonical, "Ce-") {
			delete(h, canonical)
		}
		h[name] = append(h[name], value)
	}
	return h
}

// contentType is a message with nothing but a content type.
func contentType(ct string) map[string][]string {
	return map[string][]string{"Content-Type": {ct}}
}

// std is the beginning of an event in the JSON format, to be continued.
const std = `{"specversion":"1.0","id":"A-1","source":"/shop","type":"com.example.order"`
