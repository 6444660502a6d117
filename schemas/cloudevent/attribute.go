package cloudevent

import (
	"slices"
	"strings"
)

// The limits of one event's attributes.
const (
	// MaxExtensions is how many extension attributes an event may have.
	MaxExtensions = 128
	// MaxNameLen is the longest name of an attribute. The specification
	// recommends at most 20 characters.
	MaxNameLen = 64
	// MaxValueLen is the longest value of an attribute in bytes.
	MaxValueLen = 32 << 10
)

// SpecVersion is the version of the specification that every event has.
const SpecVersion = "1.0"

// attr is one of the attributes that the specification names.
type attr uint8

// In the order in which they are checked and written.
const (
	attrSpecVersion attr = iota
	attrID
	attrSource
	attrType
	attrContentType
	attrSchema
	attrSubject
	attrTime
	numAttrs
)

var attrNames = [numAttrs]string{
	"specversion", "id", "source", "type", "datacontenttype", "dataschema", "subject", "time",
}

func attrNamed(name string) (attr, bool) {
	switch name {
	case "specversion":
		return attrSpecVersion, true
	case "id":
		return attrID, true
	case "source":
		return attrSource, true
	case "type":
		return attrType, true
	case "datacontenttype":
		return attrContentType, true
	case "dataschema":
		return attrSchema, true
	case "subject":
		return attrSubject, true
	case "time":
		return attrTime, true
	}
	return 0, false
}

func (a attr) required() bool { return a <= attrType }

// field is where the event keeps the attribute; nil for specversion, which
// has one value only.
func (e *Event) field(a attr) *string {
	switch a {
	case attrID:
		return &e.ID
	case attrSource:
		return &e.Source
	case attrType:
		return &e.Type
	case attrContentType:
		return &e.DataContentType
	case attrSchema:
		return &e.DataSchema
	case attrSubject:
		return &e.Subject
	case attrTime:
		return &e.Time
	}
	return nil
}

// set checks a decoded value and keeps it.
func (e *Event) set(a attr, v string) *Error {
	if fault := valueFault(attrNames[a], v); fault != nil {
		return fault
	}
	if reason := a.check(v); reason != "" {
		return malformed(attrNames[a], "%s", reason)
	}
	if field := e.field(a); field != nil {
		*field = v
	}
	return nil
}

// check holds what the specification says of the one attribute (spec sections
// "REQUIRED Attributes" and "OPTIONAL Attributes").
func (a attr) check(v string) string {
	if v == "" {
		return a.emptyReason()
	}
	switch a {
	case attrSpecVersion:
		return specVersionFault(v)
	case attrSource:
		return uriReferenceFault(v)
	case attrSchema:
		return uriFault(v)
	case attrTime:
		return timeFault(v)
	case attrContentType:
		return contentTypeFault(v)
	}
	return ""
}

func (a attr) emptyReason() string {
	if a.required() {
		return "is empty; every event needs a value"
	}
	return "is empty; leave the attribute out where it has no value"
}

func specVersionFault(v string) string {
	if v == SpecVersion {
		return ""
	}
	return "is " + quote(v) + `; Wye reads version "1.0" of the specification`
}

// contentTypeFault also refuses the media types of CloudEvents themselves. As
// the datacontenttype of an event in binary mode they would turn its data into
// the event that the next receiver reads.
func contentTypeFault(v string) string {
	media, _, fault := splitMediaType(v)
	switch {
	case fault != "":
		return quote(v) + " " + fault
	case strings.IndexFunc(v, func(r rune) bool { return r > '~' }) >= 0:
		return quote(v) + " has characters outside of ASCII, which a media type cannot have"
	case len(media) >= len(mediaTypePrefix) && strings.EqualFold(media[:len(mediaTypePrefix)], mediaTypePrefix):
		return quote(v) + ` says that the data is itself a CloudEvent, which could not be told from this one in binary mode; use for example "application/json"`
	}
	return ""
}

func timeFault(v string) string {
	if _, err := parseTime(v); err != nil {
		return quote(v) + " is not an RFC 3339 time: " + err.Error()
	}
	return ""
}

// valueFault holds what is true of every attribute's value.
func valueFault(name, v string) *Error {
	if len(v) > MaxValueLen {
		return tooLarge(name, "has %d bytes; an attribute may have at most %d: carry large values in the data", len(v), MaxValueLen)
	}
	if reason := textFault(v); reason != "" {
		return malformed(name, "%s", reason)
	}
	return nil
}

// nameFault holds spec section "Naming Conventions" for extensions.
func nameFault(name string) *Error {
	switch {
	case name == "":
		return malformed("", "an attribute has an empty name; names consist of lower-case letters a-z and digits")
	case len(name) > MaxNameLen:
		return malformed(name, "the name has %d characters; use at most %d", len(name), MaxNameLen)
	case name == "data":
		return malformed(name, "is a reserved name; an attribute cannot be called data")
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return malformed(name, "the name may only have lower-case letters a-z and digits; rename the attribute")
		}
	}
	return nil
}

// sortExtensions puts them in order and refuses a name that came twice.
func sortExtensions(exts []Extension) *Error {
	slices.SortFunc(exts, func(a, b Extension) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(exts); i++ {
		if exts[i-1].Name == exts[i].Name {
			return twice(exts[i].Name)
		}
	}
	return nil
}

func twice(name string) *Error {
	return malformed(name, "is given twice; send it once")
}

func tooManyExtensions(n int) *Error {
	return tooLarge("", "the event has %d extension attributes; at most %d are allowed: carry more in the data", n, MaxExtensions)
}

// missing names the first required attribute that is not in the set.
func missing(seen uint16) *Error {
	for a := attrSpecVersion; a.required(); a++ {
		if seen&(1<<a) == 0 {
			return malformed(attrNames[a], "is missing; every event needs it")
		}
	}
	return nil
}
