//go:build unix

package targets

import "syscall"

// quietly looks whether there is anything to read from a connection, be it its
// end, without waiting and without reading it. It costs a system call, which is
// far less than an attempt that fails because the receiver does not keep idle
// connections as long as Wye does.
func quietly(raw syscall.RawConn) func() bool {
	var nothing bool
	var one [1]byte
	look := func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK)
		nothing = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
	}
	return func() bool { return raw.Control(look) == nil && nothing }
}
