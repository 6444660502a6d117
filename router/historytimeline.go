package router

import "slices"

// timeline says which rule set decided which events. Every segment holds from
// its first sequence on until the next one's, the last one until now. Segments
// are in ascending order of sequence; those that follow each other differ.
//
// An event that is read again after a crash is decided again, by the rule set
// that is in force then: that decision is the one that stands, since its
// deliveries are what is still made. So a new segment takes the place of all
// that lies at or above its first sequence, also of what a store that lost its
// end had given to other events.
type timeline []segment

type segment struct {
	from    uint64
	version string
}

// decided is the version that decided an event; "" where that is not known.
func (t timeline) decided(seq uint64) string {
	if i := t.find(seq + 1); i > 0 {
		return t[i-1].version
	}
	return ""
}

// find is the index of the first segment that begins at seq or later.
func (t timeline) find(seq uint64) int {
	i, _ := slices.BinarySearchFunc(t, seq, func(s segment, seq uint64) int {
		switch {
		case s.from < seq:
			return -1
		case s.from > seq:
			return 1
		}
		return 0
	})
	return i
}

// add lets a version decide from a sequence on. It tells whether that was news,
// and gives the segments whose place it took.
func (t timeline) add(s segment) (_ timeline, news bool, gone timeline) {
	if t.find(s.from+1) == len(t) && t.decided(s.from) == s.version {
		return t, false, nil
	}
	i := t.find(s.from)
	return append(t[:i:i], s), true, t[i:]
}

// before gives the segments none of whose events is at first or later.
func (t timeline) before(first uint64) timeline {
	return t[:max(t.find(first+1)-1, 0)]
}
