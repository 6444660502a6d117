package cloudevent

import (
	"encoding/base64"
)

// setData holds JSON format section 3.1.2. The data members exclude each
// other (section 3.1.1), and a data of null counts, for it is a payload; a
// data_base64 of null does not: like an attribute it is then not there.
func (j *jsonEvent) setData() *Error {
	hasBase64 := j.base64 != nil && j.base64[0] != 'n'
	switch {
	case j.data != nil && hasBase64:
		return malformed("", `the event has both "data" and "data_base64"; send one of them`)
	case hasBase64:
		return j.setBase64()
	case j.data == nil:
		return nil
	case j.ev.DataContentType == "" || declaresJSON(j.ev.DataContentType):
		j.ev.Data = j.data
		return nil
	}
	return j.setText()
}

// setText is for data that is not JSON: a string holds its text. The
// specification lets us refuse anything else; we take null for no data, and
// the JSON text of what is left.
func (j *jsonEvent) setText() *Error {
	raw := j.data
	switch raw[0] {
	case 'n':
		return nil
	case '"':
		text, ok := unquoteMember(raw)
		if !ok {
			return malformed("", `"data" has half of a surrogate pair, which is no character; send bytes as "data_base64"`)
		}
		j.ev.Data = text
		return nil
	}
	j.ev.Data = raw
	return nil
}

// unquoteMember gives the text of a string with its quotes, which is a part of
// the body where it has no escapes.
func unquoteMember(raw []byte) ([]byte, bool) {
	s := scanner{src: raw}
	text, plain, _ := s.str()
	if plain {
		return text, true
	}
	return unquote(text)
}

// setBase64 keeps the contract of Data: what is declared as JSON is JSON also
// when it comes as bytes, and no bytes are then no data, as in binary mode.
func (j *jsonEvent) setBase64() *Error {
	if j.base64[0] != '"' {
		return malformed("", `"data_base64" is %s; it must be a JSON string`, kindOf(j.base64[0]))
	}
	text, ok := unquoteMember(j.base64)
	data, fault := decodeBase64(text)
	if !ok || fault {
		return malformed("", `"data_base64" is not base64 (RFC 4648 section 4, with padding and without line breaks)`)
	}
	if declaresJSON(j.ev.DataContentType) {
		return j.ev.setBody(data)
	}
	j.ev.Data = data
	return nil
}

func decodeBase64(text []byte) (data []byte, fault bool) {
	for _, c := range text {
		// The decoder of the standard library passes over these.
		if c == '\r' || c == '\n' {
			return nil, true
		}
	}
	data = make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Strict().Decode(data, text)
	return data[:n:n], err != nil
}
