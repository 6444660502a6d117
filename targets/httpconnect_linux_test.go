package targets_test

import (
	"context"
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/wye-events/wye/targets"
)

// TestConnecting is to a receiver that takes no more connections, nor refuses
// them: the system keeps those that wait for it in a queue, which is full.
func TestConnecting(t *testing.T) {
	address := fullQueue(t)
	t.Run("timeout", func(t *testing.T) {
		err := atOnceTo(t, target(t, targets.HTTPConfig{URL: "http://" + address, Timeout: 100 * time.Millisecond}), sample())
		wantText(t, err, "timeout after 100ms while connecting")
	})
	t.Run("stopped", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		wantText(t, target(t, targets.HTTPConfig{URL: "http://" + address}).Deliver(ctx, sample()), "stopped by Wye while connecting")
	})
}

func fullQueue(t *testing.T) (address string) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address = fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for range 8 {
		c, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Skip("this system's queues are longer than asked for")
	return ""
}
