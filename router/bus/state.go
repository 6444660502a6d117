package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const keyFloor = subjectState + "floor"

// SaveFloor remembers that every event up to seq is settled, also beyond a
// power cut if lasting is set. It does not wait: a floor that is lost only means
// that more is read again.
func (b *Bus) SaveFloor(seq uint64, lasting bool) error {
	m := Message{Subject: keyFloor, Data: strconv.AppendUint(nil, seq, 10)}
	if !lasting {
		return b.own.nc.PublishMsg(&nats.Msg{Subject: m.Subject, Data: m.Data})
	}
	b.appendAsync(b.state, m, func(Receipt, error) {})
	return nil
}

// LoadFloor is the last saved floor, never beyond the end of the archive.
func (b *Bus) LoadFloor(ctx context.Context) (uint64, error) {
	m, err := b.state.js.GetLastMsgForSubject(ctx, keyFloor)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the settled floor: %w", err)
	}
	floor, err := strconv.ParseUint(string(m.Data), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the settled floor: %q is not a sequence", m.Data)
	}
	if last := b.events.durable.Load(); floor > last {
		b.cfg.Log.Warn("the settled floor was beyond the end of the archive; a power cut or a removed stream can cause that", "floor", floor, "last", last)
		return last, nil
	}
	return floor, nil
}

// Durable is the highest sequence of WYE_EVENTS that is durable.
func (b *Bus) Durable() uint64 { return b.events.durable.Load() }

// trimKeep is the part of the archive's end, in bytes, that Trim never touches:
// many times the block that is being written.
const trimKeep = 64 << 20

// Trim shortens the archive to what is younger than maxAge and fits in
// maxBytes (0: 10 GiB, or what is left free beside it if that is less), but never beyond the settled floor. The streams'
// own limits are not used for it: they would drop events that nobody has
// routed yet, such as after a long stop.
func (b *Bus) Trim(ctx context.Context, floor uint64, maxAge time.Duration, maxBytes uint64) error {
	info, err := b.events.js.Info(ctx)
	if err != nil {
		return fmt.Errorf("read the state of the archive: %w", err)
	}
	st := info.State
	if st.Msgs == 0 || st.Bytes <= trimKeep {
		return nil
	}
	if maxBytes == 0 {
		maxBytes = b.archiveShare(st.Bytes)
	}
	size := st.Bytes / st.Msgs
	var cut uint64
	if st.Bytes > maxBytes {
		cut = st.FirstSeq + (st.Bytes-maxBytes)/size
	}
	if old := time.Now().Add(-maxAge); maxAge > 0 && st.FirstTime.Before(old) {
		first, err := b.scan(ctx, streamEvents, scanRequest{Since: &old, Batch: 1}, nil)
		if err != nil {
			return err
		}
		if len(first) > 0 {
			cut = max(cut, first[0].Sequence)
		}
	}
	cut = min(cut, floor, st.LastSeq-min(st.LastSeq, trimKeep/size))
	if cut <= st.FirstSeq {
		return nil
	}
	return b.events.js.Purge(ctx, jetstream.WithPurgeSequence(cut))
}

// SaveRecord keeps a small record under a name, a token of a subject, in the place
// of one before; with no data there is none any more. It returns when that is durable.
func (b *Bus) SaveRecord(ctx context.Context, name string, data []byte) error {
	_, err := b.append(ctx, b.state, Message{Subject: subjectState + name, Data: data})
	return err
}

// LoadRecord is what SaveRecord kept under a name; nil where there is none.
func (b *Bus) LoadRecord(ctx context.Context, name string) ([]byte, error) {
	m, err := b.state.js.GetLastMsgForSubject(ctx, subjectState+name)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, readError(streamState, err)
	}
	return m.Data, nil
}
