package bus

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Stream names and subjects. A subject is made of these and of target names
// (checked by the rule language), never of anything that an event says.
const (
	streamEvents   = "WYE_EVENTS"
	streamBacklog  = "WYE_BACKLOG"
	streamDead     = "WYE_DEAD"
	streamOutcomes = "WYE_OUTCOMES"
	streamState    = "WYE_STATE"
	streamRulesets = "WYE_RULESETS"
	streamQueue    = "WYE_QUEUE_"
	streamKept     = "WYE_STREAM_"

	subjectEvents    = "wye.events"
	subjectBacklog   = "wye.backlog."
	subjectDead      = "wye.dead."
	subjectOutcomes  = "wye.outcomes"
	subjectState     = "wye.state."
	subjectMark      = "wye.state.decided."
	subjectOperation = "wye.state.operation."
	subjectPaused    = "wye.state.paused."
	subjectRulesets  = "wye.rulesets."
	subjectQueue     = "wye.queue."
	subjectIn        = "wye.in"
)

// QueueConsumer is the durable consumer that the users of a work queue share.
const QueueConsumer = "workers"

// outcomesWindow is the least duplicate window of the outcomes, so that a batch
// that is stored again because the store did not answer is there once.
const outcomesWindow = 6 * answerWithin

// lettersWindow is for how long the ids of deliveries in WYE_BACKLOG and WYE_DEAD
// are remembered: what a crash repeats is repeated soon after the next start, and
// the store has each id in memory until then.
const lettersWindow = time.Minute

// ownStreams are the streams that every bus has.
func (b *Bus) ownStreams() []jetstream.StreamConfig {
	window := b.cfg.DuplicateWindow
	letters := min(window, lettersWindow)
	return []jetstream.StreamConfig{
		{Name: streamEvents, Subjects: []string{subjectEvents}, Duplicates: window, DenyDelete: true,
			Description: "Wye: every accepted event"},
		{Name: streamBacklog, Subjects: []string{subjectBacklog + "*"}, Retention: jetstream.WorkQueuePolicy, Duplicates: letters,
			Description: "Wye: deliveries that wait"},
		{Name: streamDead, Subjects: []string{subjectDead + "*"}, Duplicates: letters,
			Description: "Wye: dead letters"},
		{Name: streamOutcomes, Subjects: []string{subjectOutcomes}, Duplicates: max(window, outcomesWindow), DenyDelete: true,
			Description: "Wye: what became of deliveries"},
		{Name: streamState, Subjects: []string{subjectState + "*", subjectMark + "*", subjectPaused + "*", subjectOperation + "*"}, MaxMsgsPerSubject: 1,
			Description: "Wye: the settled floor, which rule set decided from where on and which is in force, which targets are paused, and operations"},
	}
}

// memoryStream keeps what nothing but looking back needs: Wye runs without it.
func memoryStream() jetstream.StreamConfig {
	return jetstream.StreamConfig{Name: streamRulesets, Subjects: []string{subjectRulesets + ">"}, MaxMsgsPerSubject: 1,
		Description: "Wye: the rule sets that were in force"}
}

// ensure makes one of Wye's own streams as configured, or brings an existing
// one up to it, and gives its appender.
func (b *Bus) ensure(ctx context.Context, sc jetstream.StreamConfig) (*stream, error) {
	sc.Storage = jetstream.FileStorage
	sc.Replicas = b.cfg.Replicas
	sc.AllowDirect = true
	sc.Duplicates = max(sc.Duplicates, time.Second)
	js, err := b.own.js.CreateOrUpdateStream(ctx, sc)
	if err != nil {
		return nil, fmt.Errorf("create the stream %s: %w", sc.Name, err)
	}
	return b.open(ctx, b.own, js)
}

// share makes a stream that guests consume from, unless it is there: then it
// stays as it is, with whatever limits somebody gave it.
func (b *Bus) share(ctx context.Context, sc jetstream.StreamConfig) (*stream, error) {
	sc.Replicas, sc.AllowDirect, sc.Duplicates = b.cfg.Replicas, true, b.cfg.DuplicateWindow
	js, err := b.shared.js.CreateStream(ctx, sc)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		js, err = b.shared.js.Stream(ctx, sc.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("create the stream %s: %w", sc.Name, err)
	}
	return b.open(ctx, b.shared, js)
}

// open gives the appender of an existing stream.
func (b *Bus) open(ctx context.Context, l *link, js jetstream.Stream) (*stream, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := js.CachedInfo().Config.Name
	if s := b.streams[name]; s != nil {
		return s, nil
	}
	s := &stream{name: name, link: l, js: js, failed: b.fail}
	if b.server != nil && b.cfg.Sync == SyncDurable {
		dir := blocksDir(b.cfg, l.account, name)
		if err := syncTree(strings.TrimSuffix(dir, "/msgs"), b.cfg.Dir); err != nil {
			return nil, fmt.Errorf("sync the new stream %s: %w", name, err)
		}
		var err error
		if s.blocks, err = openBlocks(dir); err != nil {
			return nil, fmt.Errorf("%w: %w", errLayout, err)
		}
	}
	if name == streamEvents {
		s.stored, s.grown = b.tail.keep, b.tail.wake
	}
	if err := s.listen(ctx); err != nil {
		return nil, err
	}
	b.streams[name] = s
	return s, nil
}

// errLayout says that the store's files are not laid out as group commit needs them.
var errLayout = errors.New("group commit is not possible")

// Appender appends to one stream made by [Bus.Queue] or [Bus.Kept].
type Appender func(ctx context.Context, id string, header map[string][]string, data []byte) error

// Queue makes sure that the work queue exists, with the durable consumer
// ("workers") that its users share, and gives its appender.
func (b *Bus) Queue(ctx context.Context, name string) (Appender, error) {
	s, err := b.share(ctx, jetstream.StreamConfig{
		Name: streamQueue + name, Subjects: []string{subjectQueue + name}, Retention: jetstream.WorkQueuePolicy,
		Description: "Wye: the work queue " + name,
	})
	if err != nil {
		return nil, err
	}
	_, err = s.js.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: QueueConsumer, AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil && !errors.Is(err, jetstream.ErrConsumerExists) {
		return nil, fmt.Errorf("create the consumer of the queue %s: %w", name, err)
	}
	return b.appender(s, subjectQueue+name), nil
}

// Kept makes sure that some stream keeps what is published on subject (an
// existing one that covers it, else one of its own) and gives its appender.
func (b *Bus) Kept(ctx context.Context, subject string) (Appender, error) {
	name, err := b.shared.js.StreamNameBySubject(ctx, subject)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err := b.share(ctx, jetstream.StreamConfig{
			Name: streamKept + streamToken(subject), Subjects: []string{subject}, Description: "Wye: keeps " + subject,
		})
		if err != nil {
			return nil, err
		}
		return b.appender(s, subject), nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the stream that keeps %s: %w", subject, err)
	}
	js, err := b.shared.js.Stream(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open the stream %s, which keeps %s: %w", name, subject, err)
	}
	s, err := b.open(ctx, b.shared, js)
	if err != nil {
		return nil, err
	}
	return b.appender(s, subject), nil
}

// streamToken turns a subject into a part of a stream name: upper case, dots as
// underscores. Where another subject could come to the same, a hash tells them
// apart.
func streamToken(subject string) string {
	token := strings.ReplaceAll(strings.ToUpper(subject), ".", "_")
	if subject == strings.ToLower(subject) && !strings.Contains(subject, "_") {
		return token
	}
	sum := sha256.Sum256([]byte(subject))
	return fmt.Sprintf("%s_%x", token, sum[:4])
}

func (b *Bus) appender(s *stream, subject string) Appender {
	return func(ctx context.Context, id string, header map[string][]string, data []byte) error {
		_, err := b.append(ctx, s, Message{Subject: subject, ID: id, Header: header, Data: data})
		return err
	}
}
