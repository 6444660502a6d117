package bus

import (
	"errors"
	"io/fs"
	"os"
)

// reserve is a file that takes up some of the disk for as long as there is
// plenty. Another program may fill the disk to its last byte; then the file is
// removed, and what is already accepted can still be put aside, dead-lettered
// and accounted for.
type reserve struct {
	path string
	size uint64
}

// keep makes the file, unless it is there.
func (r reserve) keep() error {
	if info, err := os.Stat(r.path); err == nil && uint64(info.Size()) == r.size {
		return nil
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(allocate(f, r.size), f.Close())
	if err != nil {
		os.Remove(r.path)
	}
	return err
}

// release removes the file; ok is false where there was none.
func (r reserve) release() (ok bool, err error) {
	err = os.Remove(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// fill writes n zeros.
func fill(f *os.File, n uint64) error {
	zeros := make([]byte, 1<<20)
	for n > 0 {
		part := min(n, uint64(len(zeros)))
		if _, err := f.Write(zeros[:part]); err != nil {
			return err
		}
		n -= part
	}
	return nil
}
