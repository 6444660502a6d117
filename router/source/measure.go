package source

import (
	"context"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// Bounds of a pack beside its size: a small one may unpack to anything.
const (
	objectsMost  = 500_000
	unpackedMost = 16 // times the size that a pack may have, of all objects
)

// measure looks at every object of a pack without keeping any, before anything is
// made of them, and refuses a pack of too many, or of one that is larger than
// most: the next reader has each object in memory.
func measure(ctx context.Context, pack io.ReadSeeker, most int64) error {
	if _, err := pack.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s := packfile.NewScanner(pack)
	_, count, err := s.Header()
	if err != nil {
		return fmt.Errorf("what was fetched cannot be read: %w", err)
	}
	if count > objectsMost {
		return errTooLarge
	}
	for total := int64(0); count > 0; count-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		size, err := measureOne(s, most)
		if err != nil {
			return err
		}
		if total += size; total > unpackedMost*most {
			return errTooLarge
		}
	}
	return nil
}

func measureOne(s *packfile.Scanner, most int64) (int64, error) {
	h, err := s.NextObjectHeader()
	if err != nil {
		return 0, fmt.Errorf("what was fetched cannot be read: %w", err)
	}
	if h.Length > most {
		return 0, errTooLarge
	}
	var begin deltaBegin
	to := io.Discard
	if h.Type == plumbing.OFSDeltaObject || h.Type == plumbing.REFDeltaObject {
		to = &begin
	}
	if _, _, err := s.NextObject(to); err != nil {
		return 0, fmt.Errorf("what was fetched cannot be read: %w", err)
	}
	size := max(h.Length, begin.result())
	if size > most {
		return 0, errTooLarge
	}
	return size, nil
}

// deltaBegin keeps the first bytes of a delta: the sizes of what it is applied to
// and of what that makes, seven bits a byte, the lowest first.
type deltaBegin struct {
	bytes [20]byte
	n     int
}

func (d *deltaBegin) Write(p []byte) (int, error) {
	d.n += copy(d.bytes[d.n:], p)
	return len(p), nil
}

// result is the size of what the delta makes; 0 where there is no delta.
func (d *deltaBegin) result() (size int64) {
	rest := d.bytes[:d.n]
	for range 2 {
		size = 0
		for shift := 0; len(rest) > 0; shift += 7 {
			b := rest[0]
			rest = rest[1:]
			if shift > 56 {
				return 1 << 62
			}
			size |= int64(b&0x7f) << shift
			if b&0x80 == 0 {
				break
			}
		}
	}
	return size
}
