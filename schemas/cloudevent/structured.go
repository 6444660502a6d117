package cloudevent

// parseStructured holds HTTP binding section 3.2 and JSON format section 3.
func parseStructured(header map[string][]string, body []byte) ([]*Event, *Error) {
	headers, fault := transportHeaders(header)
	if fault != nil {
		return nil, fault
	}
	s := scanner{src: body}
	if !s.open('{', "a JSON object that is the event") {
		return nil, s.malformed()
	}
	one := new(single)
	one.ev.Headers = headers
	fault, ok := s.event(&one.ev)
	switch {
	case !ok || !s.end():
		return nil, s.malformed()
	case fault != nil:
		return nil, fault
	}
	return one.events(), nil
}

// parseBatch holds HTTP binding section 3.3 and JSON format section 4. All
// events share the message's transport headers.
func parseBatch(header map[string][]string, body []byte) ([]*Event, Mode, error) {
	headers, fault := transportHeaders(header)
	if fault != nil {
		return nil, Batched, fault
	}
	s := scanner{src: body}
	if !s.open('[', "a JSON array of events") {
		return nil, Batched, s.malformed()
	}
	evs, bad, ok := s.events(headers)
	switch {
	case !ok || !s.end():
		return nil, Batched, s.malformed()
	case bad.Errors != nil:
		return nil, Batched, &bad
	}
	return evs, Batched, nil
}

func (s *scanner) malformed() *Error {
	return malformed("", "the body is not valid: %s", s.problem())
}

// open stands at the first byte of the document, which must be c.
func (s *scanner) open(c byte, what string) bool {
	if !s.bom() {
		return false
	}
	if s.space(); s.peek() != c {
		return s.expected(what)
	}
	return true
}

// events reads the members of a batch, beyond a bad one too, so that every one
// can be told; ok is false where the text is no JSON and reading must stop.
func (s *scanner) events(headers []Header) (evs []*Event, bad BatchError, ok bool) {
	s.pos++
	s.space()
	if s.peek() == ']' {
		s.pos++
		return nil, bad, true
	}
	for i := 0; ; i++ {
		ev := &Event{Headers: headers}
		fault, ok := s.member(ev)
		if !ok {
			return nil, bad, false
		}
		if fault != nil {
			fault.Index = i
			bad.add(fault)
		}
		evs = append(evs, ev)
		if more, ok := s.next(']', "a comma or ]"); !more {
			return evs, bad, ok
		}
	}
}

func (s *scanner) member(ev *Event) (*Error, bool) {
	if s.peek() == '{' {
		return s.event(ev)
	}
	start := s.pos
	if !s.value(maxDepth) {
		return nil, false
	}
	return malformed("", "is %s; every member of a batch is a JSON object", kindOf(s.src[start])), true
}
