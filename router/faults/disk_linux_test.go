package faults

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/routertest"
)

// What is promised of a full disk.
const (
	answeredWithin = time.Second     // every publisher, whatever the answer
	acceptedAgain  = 5 * time.Second // after there is room
)

// filler is another program that fills the disk.
type filler struct {
	t    *testing.T
	path string
}

// take leaves so many bytes of the disk, at once; with 0 not even those that
// the file system keeps for root.
func (f filler) take(left uint64) {
	f.t.Helper()
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		f.t.Fatal(err)
	}
	size, part := info.Size(), int64(freeOn(f.t, filepath.Dir(f.path))-left)
	if left == 0 {
		part = 256 << 20
	}
	for part > 0 {
		err := syscall.Fallocate(int(file.Fd()), 0, size, part)
		switch {
		case err == nil:
			size += part
			if left > 0 {
				return
			}
		case errors.Is(err, syscall.ENOSPC) && left == 0:
			part /= 2
		case !errors.Is(err, syscall.EINTR):
			f.t.Fatal(err)
		}
	}
}

// giveBack removes the file.
func (f filler) giveBack() {
	f.t.Helper()
	if err := os.Remove(f.path); err != nil {
		f.t.Fatal(err)
	}
}

func freeOn(t *testing.T, dir string) uint64 {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	return st.Bavail * uint64(st.Bsize)
}

// fullDisk is a Wye on a small disk of its own with three targets: one takes
// everything, one is down, one refuses for good but holds its answers back.
type fullDisk struct {
	*routertest.Wye
	t               *testing.T
	well, down, bad *routertest.Receiver
	refuse          chan struct{} // closed: the bad one answers
	other           filler
	ids             []string
	slowest         time.Duration
	refused         int
}

func newFullDisk(t *testing.T) *fullDisk {
	t.Helper()
	routertest.NeedDisks(t)
	disk := routertest.NewDiskOf(t, "256M")
	d := &fullDisk{t: t, refuse: make(chan struct{}), other: filler{t, filepath.Join(disk.Dir, "other")}}
	d.well, d.down = routertest.NewReceiver(t, routertest.Well), routertest.NewReceiver(t, routertest.Well)
	d.bad = routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply {
		return routertest.Reply{Status: 400, After: d.refuse}
	})
	d.down.Down()
	d.Wye = routertest.Start(t, file(
		target("well", d.well.URL())+target("down", d.down.URL(), "retry: {first: 20ms, max: 500ms, attempts: 1000}")+target("bad", d.bad.URL()),
		rule("all", "**", "well", "down", "bad")), routertest.Options{Dir: filepath.Join(disk.Dir, "data"), Bus: bus.Config{Listen: "127.0.0.1:0"}})
	return d
}

// publish publishes one event, which must be answered soon, and gives the status.
func (d *fullDisk) publish() int {
	d.t.Helper()
	id := fmt.Sprint("e", len(d.ids)+d.refused)
	began := time.Now()
	status, _, err := d.Post(d.t.Context(), routertest.Event{ID: id, Data: `{"filling": "` + strings.Repeat("x", 1000) + `"}`})
	d.slowest = max(d.slowest, time.Since(began))
	switch {
	case err != nil:
		d.t.Fatal(err)
	case status == http.StatusAccepted:
		d.ids = append(d.ids, id)
	case status == http.StatusInsufficientStorage:
		d.refused++
	default:
		d.t.Fatalf("publish %s: status %d", id, status)
	}
	return status
}

func (d *fullDisk) publishUntil(what string, status int) time.Duration {
	d.t.Helper()
	began := time.Now()
	routertest.Until(d.t, what, func() bool { return d.publish() == status }, func() any { return d.Router.Status() })
	return time.Since(began)
}

// allDelivered waits until every event that was acknowledged has reached its end.
func (d *fullDisk) allDelivered() {
	d.t.Helper()
	d.well.UntilTaken(len(d.ids))
	d.down.UntilTaken(len(d.ids))
	d.Settled()
	dead := map[string]int{}
	for _, l := range d.Dead("bad") {
		dead[l.EventID]++
	}
	for name, taken := range map[string]map[string]int{"well": d.well.Taken(), "down": d.down.Taken(), "dead letters of bad": dead} {
		for _, id := range d.ids {
			if taken[id] == 0 {
				d.t.Errorf("%s was acknowledged and is missing at %s", id, name)
			}
		}
	}
	if d.slowest > answeredWithin {
		d.t.Errorf("a publisher waited %s for its answer", d.slowest)
	}
}

// TestFullDisk lets another program fill the disk up to the watermark: events
// are refused, all deliveries go on, also those that must be written, and events
// are accepted again when there is room.
func TestFullDisk(t *testing.T) {
	d := newFullDisk(t)
	for range 300 {
		if status := d.publish(); status != http.StatusAccepted {
			t.Fatalf("status %d: %+v", status, d.Router.Status().Disk)
		}
	}
	d.well.UntilTaken(300)
	below := d.Router.Status().Disk.RefuseBelow
	d.other.take(below - below/10)
	took := d.publishUntil("events are refused", http.StatusInsufficientStorage)
	d.answers507()
	if err := d.Router.Err(); err != nil {
		t.Error("a disk that is full to the watermark is no failure: ", err)
	}
	close(d.refuse)
	d.UntilDead("bad", len(d.ids))
	d.down.Up()
	d.down.UntilTaken(len(d.ids))
	d.Settled()
	if s := d.Router.Status().Disk; s.Refusing.IsZero() || !s.Wedged.IsZero() {
		t.Errorf("all was delivered with the disk full: %+v", s)
	}
	d.other.giveBack()
	again := d.publishUntil("events are accepted", http.StatusAccepted)
	if again > acceptedAgain {
		t.Errorf("there was room for %s before an event was accepted", again)
	}
	d.allDelivered()
	t.Logf("refused after %s, accepted again after %s; %d accepted, %d refused, the slowest answer took %s", took, again, len(d.ids), d.refused, d.slowest)
}

// answers507 looks at the whole answer to a publisher.
func (d *fullDisk) answers507() {
	d.t.Helper()
	res, err := http.Post(d.URL(), "application/cloudevents+json", strings.NewReader(`{"specversion":"1.0","id":"x","source":"/t","type":"t"}`))
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if res.StatusCode != http.StatusInsufficientStorage || res.Header.Get("Retry-After") != "5" ||
		!strings.Contains(string(body), "Nothing was stored") || !strings.Contains(string(body), "make room") {
		d.t.Errorf("status %d, headers %v: %s", res.StatusCode, res.Header, body)
	}
	if strings.Contains(string(body), filepath.Dir(d.other.path)) {
		d.t.Errorf("the answer tells publishers of directories: %s", body)
	}
	nc, err := nats.Connect(d.Bus.Address())
	if err != nil {
		d.t.Fatal(err)
	}
	defer nc.Close()
	msg, err := nc.RequestMsg(&nats.Msg{Subject: "wye.in", Header: nats.Header{"ce-specversion": {"1.0"}, "ce-id": {"x"}, "ce-source": {"/t"}, "ce-type": {"t"}}}, answeredWithin)
	if err != nil || !strings.Contains(string(msg.Data), `"status":507`) || !strings.Contains(string(msg.Data), "Nothing was stored") {
		d.t.Errorf("over NATS: %v, %s", err, msg.Data)
	}
}

// TestDiskFilledToTheLastByte lets another program take all there is, at once
// and under load: the store meets a disk without room. Nobody waits, what was
// acknowledged is delivered and dead-lettered from the reserve, and events are
// accepted again when there is room.
func TestDiskFilledToTheLastByte(t *testing.T) {
	d := newFullDisk(t)
	load := routertest.StartPublishers(d.Publisher, publishers)
	defer load.Stop()
	awaitLoad(load)
	d.other.take(0)
	d.publishUntil("events are refused", http.StatusInsufficientStorage)
	close(d.refuse)
	d.down.Up()
	for _, name := range []string{"down", "bad"} {
		before := d.Target(name)
		d.Until(name, "goes on with the disk full", func(s router.TargetStatus) bool { return s.Delivered+s.Dead > before.Delivered+before.Dead+20 })
	}
	for range 50 {
		d.publish()
	}
	t.Logf("full: %+v", *d.Router.Status().Disk)
	d.other.giveBack()
	again := d.publishUntil("events are accepted", http.StatusAccepted)
	if again > acceptedAgain {
		t.Errorf("there was room for %s before an event was accepted", again)
	}
	load.Stop()
	d.ids = append(d.ids, load.Acked()...)
	d.allDelivered()
	t.Logf("accepted again after %s; %d accepted, the slowest answer took %s; %d twice at well, %d at down", again, len(d.ids), d.slowest, d.well.Duplicates(), d.down.Duplicates())
	d.Restart()
	d.Settled()
}

// TestDiskFullAndTheReserveGone lets the other program take the reserve too when
// it is given up: the store cannot write at all. Wye says so and makes nobody
// wait, and all is well again when there is room.
func TestDiskFullAndTheReserveGone(t *testing.T) {
	d := newFullDisk(t)
	for range 100 {
		d.publish()
	}
	reserve := filepath.Join(filepath.Dir(d.other.path), "data", "reserve")
	d.other.take(0)
	close(d.refuse)
	routertest.Until(t, "the store cannot write", func() bool {
		_, err := os.Stat(reserve)
		d.other.take(0)
		return errors.Is(err, os.ErrNotExist) && d.Router.Err() != nil && !d.Router.Status().Disk.Wedged.IsZero()
	}, func() any { return d.Router.Status() })
	for range 50 {
		if status := d.publish(); status != http.StatusInsufficientStorage {
			t.Errorf("status %d", status)
		}
	}
	if s := d.Router.Status(); s.Error == "" || s.Disk.Refusing.IsZero() {
		t.Errorf("%+v, %+v", s, s.Disk)
	}
	d.other.giveBack()
	if again := d.publishUntil("events are accepted", http.StatusAccepted); again > acceptedAgain {
		t.Errorf("there was room for %s before an event was accepted", again)
	}
	d.down.Up()
	d.allDelivered()
	if err := d.Router.Err(); err != nil {
		t.Error(err)
	}
	d.Restart()
	d.Settled()
}

// TestSmallDiskOfItsOwn sends more through Wye than its disk holds: the archive
// makes room by itself, and a start with more stored than is free takes events.
func TestSmallDiskOfItsOwn(t *testing.T) {
	routertest.NeedDisks(t)
	disk := routertest.NewDiskOf(t, "192M")
	well := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, file(target("well", well.URL()), rule("all", "**", "well")), routertest.Options{Dir: filepath.Join(disk.Dir, "data")})
	const events, size = 180, 768 << 10 // 135 MiB
	data := `"` + strings.Repeat("x", size) + `"`
	refused, longest := 0, time.Duration(0)
	for i := range events {
		began := time.Now()
		routertest.Until(t, "the event is accepted", func() bool {
			status, _, err := w.Post(t.Context(), routertest.Event{ID: fmt.Sprint("e", i), Data: data})
			if err != nil || status != http.StatusAccepted && status != http.StatusInsufficientStorage {
				t.Fatal(status, err)
			}
			if status != http.StatusAccepted {
				refused++
			}
			return status == http.StatusAccepted
		}, func() any { return w.Router.Status().Disk })
		longest = max(longest, time.Since(began))
	}
	w.Settled()
	d := w.Router.Status().Disk
	t.Logf("refused %d times, for %s at most; %d MiB of %d MiB are free", refused, longest, d.Free>>20, d.Total>>20)
	if longest > acceptedAgain {
		t.Errorf("the archive made no room for %s", longest)
	}
	w.Restart()
	w.Send(t, routertest.Event{ID: "after"})
	well.UntilTaken(events + 1)
}
