//go:build !linux && !darwin && !freebsd

package bus

import "errors"

func diskSpace(string) (total, free uint64, err error) {
	return 0, 0, errors.ErrUnsupported
}
