package targets_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wye-events/wye/schemas/cloudevent"
	"github.com/wye-events/wye/targets"
)

// BenchmarkHTTPDeliver measures what one delivery costs on this side: the
// receiver is as little as answers HTTP at all, in the same process, and its
// share is shown by BenchmarkLoopback.
func BenchmarkHTTPDeliver(b *testing.B) {
	benchmarkDeliver(b, func(to targets.Target) targets.Target { return to })
}

// BenchmarkHTTPDeliverByTransport is the same through net/http's transport,
// which carries TLS.
func BenchmarkHTTPDeliverByTransport(b *testing.B) { benchmarkDeliver(b, targets.ByTransport) }

func benchmarkDeliver(b *testing.B, by func(targets.Target) targets.Target) {
	for _, format := range []string{"binary", "structured"} {
		for _, concurrency := range []int{1, 32} {
			b.Run(format+"/"+strconv.Itoa(concurrency), func(b *testing.B) {
				target, err := targets.NewHTTP(targets.HTTPConfig{
					URL: "http://" + rawReceiver(b) + "/orders", Format: format, Concurrency: concurrency,
					Headers: map[string]string{"Authorization": "Bearer a-token-for-the-benchmark"},
				})
				if err != nil {
					b.Fatal(err)
				}
				defer target.Close()
				ctx, cancel := context.WithCancel(b.Context()) // one that can end, as the router's
				defer cancel()
				to, d := by(target), sample()
				each(b, concurrency, func() error { return to.Deliver(ctx, d) })
			})
		}
	}
}

// BenchmarkHTTPBatch measures what an event costs in batches of so many, beside
// the same event by itself in the same format (single). One op is one event.
func BenchmarkHTTPBatch(b *testing.B) {
	for _, size := range []int{0, 1, 10, 100} {
		for _, concurrency := range []int{1, 32} {
			name := "single/"
			if size > 0 {
				name = "of-" + strconv.Itoa(size) + "/"
			}
			b.Run(name+strconv.Itoa(concurrency), func(b *testing.B) {
				target, err := targets.NewHTTP(targets.HTTPConfig{
					URL: "http://" + rawReceiver(b) + "/orders", Format: "structured", Batch: size > 0, Concurrency: concurrency,
				})
				if err != nil {
					b.Fatal(err)
				}
				defer target.Close()
				ctx, cancel := context.WithCancel(b.Context())
				defer cancel()
				if size == 0 {
					d := sample()
					each(b, concurrency, func() error { return target.Deliver(ctx, d) })
					return
				}
				batcher, ds := target.(targets.Batcher), slices.Repeat([]targets.Delivery{sample()}, size)
				eachFew(b, concurrency, size, func() error { return errors.Join(batcher.DeliverBatch(ctx, ds)...) })
			})
		}
	}
}

// BenchmarkLoopback is the floor: the same bytes written to and read from the
// same receiver without an HTTP client.
func BenchmarkLoopback(b *testing.B) {
	address := rawReceiver(b)
	request := []byte("POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 512\r\n\r\n" + strings.Repeat("x", 512))
	for _, concurrency := range []int{1, 32} {
		b.Run(strconv.Itoa(concurrency), func(b *testing.B) {
			conns := make(chan net.Conn, concurrency)
			for range concurrency {
				c, err := net.Dial("tcp", address)
				if err != nil {
					b.Fatal(err)
				}
				defer c.Close()
				conns <- c
			}
			each(b, concurrency, func() error {
				c := <-conns
				defer func() { conns <- c }()
				if _, err := c.Write(request); err != nil {
					return err
				}
				var answer [64]byte
				_, err := c.Read(answer[:])
				return err
			})
		})
	}
}

// BenchmarkBareClient is what anybody pays who posts with net/http: few headers,
// nothing judged.
func BenchmarkBareClient(b *testing.B) {
	for _, concurrency := range []int{1, 32} {
		b.Run(strconv.Itoa(concurrency), func(b *testing.B) {
			client := &http.Client{
				Timeout:   15 * time.Second,
				Transport: &http.Transport{MaxIdleConnsPerHost: concurrency, MaxConnsPerHost: concurrency},
			}
			defer client.CloseIdleConnections()
			url, data := "http://"+rawReceiver(b)+"/orders", sample().Event.Data
			each(b, concurrency, func() error {
				response, err := client.Post(url, "application/json", bytes.NewReader(data))
				if err != nil {
					return err
				}
				return response.Body.Close()
			})
		})
	}
}

// each runs f b.N times on so many goroutines and reports the processor time,
// which means more than the elapsed time on a machine that is doing other work.
func each(b *testing.B, goroutines int, f func() error) { eachFew(b, goroutines, 1, f) }

// eachFew is each where f does so many operations at once.
func eachFew(b *testing.B, goroutines, few int, f func() error) {
	b.ReportAllocs()
	var left atomic.Int64
	left.Store(int64(b.N + few - 1))
	done := make(chan error, goroutines)
	before := cpuTime()
	b.ResetTimer()
	for range goroutines {
		go func() {
			for left.Add(-int64(few)) >= 0 {
				if err := f(); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range goroutines {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64((cpuTime()-before).Nanoseconds())/float64(b.N)/1e3, "cpu-µs/op")
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func sample() targets.Delivery {
	return targets.Delivery{
		ID: "184467/large-orders/fulfilment", Attempt: 1, Sequence: 184467, Rule: "large-orders", Target: "fulfilment",
		Event: &cloudevent.Event{
			ID: "8e4f0b7e-6a3f-4e1c-9f5e-0a1b2c3d4e5f", Source: "/shop/checkout", Type: "com.example.order.placed",
			Subject: "order/10042", Time: "2026-08-01T12:00:00Z", DataContentType: "application/json",
			Data: []byte(`{"text":"` + strings.Repeat("x", 500) + `"}`),
		},
	}
}

// rawReceiver answers every request that ends in one read with 204.
func rawReceiver(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answer204(c)
		}
	}()
	return l.Addr().String()
}

func answer204(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		left, err := bodyLength(in)
		if err != nil {
			return
		}
		if _, err := in.Discard(left); err != nil {
			return
		}
		if _, err := c.Write([]byte("HTTP/1.1 204 No Content\r\n\r\n")); err != nil {
			return
		}
	}
}

// bodyLength reads a head and gives its Content-Length.
func bodyLength(in *bufio.Reader) (n int, err error) {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil || len(line) == 2 {
			return n, err
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("content-length")) {
			n, _ = strconv.Atoi(string(bytes.TrimSpace(value)))
		}
	}
}
