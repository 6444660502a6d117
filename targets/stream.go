package targets

import (
	"context"
	"fmt"
	"strings"
)

// NewStream makes a target that publishes events on subject, to a stream that
// keeps them: every consumer of the stream sees every event.
//
// As with [NewQueue], a bus that cannot be reached now is tried again at the
// first delivery, and only a bad subject is an error here.
func NewStream(ctx context.Context, streams Streams, subject string) (Target, error) {
	if err := checkSubject(subject); err != nil {
		return nil, err
	}
	return newAppending(ctx, fmt.Sprintf("stream %q", subject), func(ctx context.Context) (Append, error) {
		return streams.Stream(ctx, subject)
	}), nil
}

func checkSubject(subject string) error {
	if subject == "" {
		return fmt.Errorf("a stream needs a subject; write stream: {subject: audit.orders}")
	}
	if len(subject) > maxName {
		return fmt.Errorf("the stream's subject has %d bytes; use at most %d", len(subject), maxName)
	}
	tokens := strings.Split(subject, ".")
	for _, token := range tokens {
		if token == "" || strings.ContainsFunc(token, notInName) {
			return fmt.Errorf("stream %q: use tokens of letters, digits, - and _ with one dot between them, as in audit.orders", subject)
		}
	}
	// Publishing into Wye's own subjects would feed its events back to it.
	if strings.EqualFold(tokens[0], "wye") || tokens[0][0] == '_' {
		return fmt.Errorf("stream %q: subjects that begin with wye. or _ belong to the bus; choose another", subject)
	}
	return nil
}
