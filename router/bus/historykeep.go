package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// WYE_RULESETS keeps a few things that may be larger than a message: each under
// a name, cut into parts on <name>.1, <name>.2 and so on. The part <name>.0 says
// how many there are and is stored when they are durable: without it there is
// nothing. Storing the same again replaces it, so what a crash cut short is
// simply stored anew.

// partBytes is the size of a part, unless the store takes only smaller messages.
const partBytes = 512 << 10

// Memory is one thing that is kept.
type Memory struct {
	Name  string
	At    time.Time // when it was stored
	Bytes int
}

// memoryIndex is the data of the part 0.
type memoryIndex struct {
	Parts int `json:"parts"`
	Bytes int `json:"bytes"`
}

var errNoMemory = errors.New("there is no stream for it")

func partSubject(name string, part int) string {
	return subjectRulesets + name + "." + strconv.Itoa(part)
}

// Remember keeps data under a name, which must be a token of a subject, and
// returns when it is durable.
func (b *Bus) Remember(ctx context.Context, name string, data []byte) error {
	if b.rulesets == nil {
		return errNoMemory
	}
	index := memoryIndex{Bytes: len(data)}
	for rest := data; len(rest) > 0; {
		n := min(len(rest), partBytes, b.cfg.MaxMessage)
		index.Parts++
		if err := b.remember(ctx, name, index.Parts, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	text, err := json.Marshal(index)
	if err != nil {
		return err
	}
	return b.remember(ctx, name, 0, text)
}

func (b *Bus) remember(ctx context.Context, name string, part int, data []byte) error {
	_, err := b.append(ctx, b.rulesets, Message{Subject: partSubject(name, part), Data: data})
	return err
}

// Recollect gives what is kept under a name; ok is false where nothing is.
func (b *Bus) Recollect(ctx context.Context, name string) (data []byte, ok bool, err error) {
	if b.rulesets == nil {
		return nil, false, nil
	}
	var index memoryIndex
	text, ok, err := b.part(ctx, name, 0)
	if err != nil || !ok {
		return nil, false, err
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, false, readError(streamRulesets, err)
	}
	for i := range index.Parts {
		part, ok, err := b.part(ctx, name, i+1)
		if err != nil || !ok {
			return nil, false, err
		}
		data = append(data, part...)
	}
	if len(data) != index.Bytes {
		return nil, false, readError(streamRulesets, fmt.Errorf("%s has %d bytes of %d", name, len(data), index.Bytes))
	}
	return data, true, nil
}

func (b *Bus) part(ctx context.Context, name string, part int) ([]byte, bool, error) {
	m, err := b.rulesets.js.GetLastMsgForSubject(ctx, partSubject(name, part))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, readError(streamRulesets, err)
	}
	return m.Data, true, nil
}

// Memories are all that is kept, the oldest first.
func (b *Bus) Memories(ctx context.Context) (all []Memory, err error) {
	if b.rulesets == nil {
		return nil, nil
	}
	for from := uint64(1); ; {
		got, err := b.scan(ctx, streamRulesets, scanRequest{From: from, Batch: walkMost, Subject: subjectRulesets + "*.0"}, nil)
		if err != nil || len(got) == 0 {
			return all, err
		}
		for _, r := range got {
			var index memoryIndex
			if json.Unmarshal(r.Data, &index) != nil {
				continue
			}
			name := strings.TrimSuffix(strings.TrimPrefix(r.Subject, subjectRulesets), ".0")
			all = append(all, Memory{Name: name, At: r.Time, Bytes: index.Bytes})
		}
		from = got[len(got)-1].Sequence + 1
	}
}

// Forget removes what is kept under a name, and the parts of what never became whole.
func (b *Bus) Forget(ctx context.Context, name string) error {
	if b.rulesets == nil {
		return nil
	}
	// First the part without which there is nothing.
	for _, subject := range []string{partSubject(name, 0), subjectRulesets + name + ".*"} {
		if err := b.rulesets.js.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
			return fmt.Errorf("remove %s from the stream %s: %w", name, streamRulesets, err)
		}
	}
	return nil
}

// Fragments are the names under which there are parts and nothing whole: what a
// crash left, or what is being stored now.
func (b *Bus) Fragments(ctx context.Context) ([]string, error) {
	if b.rulesets == nil {
		return nil, nil
	}
	info, err := b.rulesets.js.Info(ctx, jetstream.WithSubjectFilter(subjectRulesets+">"))
	if err != nil {
		return nil, readError(streamRulesets, err)
	}
	var names []string
	seen, parts := map[string]bool{}, info.State.Subjects
	for subject := range parts {
		name, _, _ := strings.Cut(strings.TrimPrefix(subject, subjectRulesets), ".")
		if _, whole := parts[partSubject(name, 0)]; !whole && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names, nil
}
