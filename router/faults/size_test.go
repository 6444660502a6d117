package faults

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wye-events/wye/router/routertest"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// TestEventSizes sends events up to the limit and over it: what is accepted
// arrives as it was sent, what is too large is told the limit, and a body
// without an end costs neither memory nor the other publishers anything.
func TestEventSizes(t *testing.T) {
	for _, c := range []struct {
		limit int
		sizes []int
		flags []string
	}{
		{mib, []int{64 * kib, mib - 1, mib, mib + 1}, nil},
		{8 * mib, []int{mib + 1, 8 * mib, 8*mib + 1}, []string{"--max-event", fmt.Sprint(8 * mib)}},
	} {
		t.Run(fmt.Sprint("limit ", c.limit), func(t *testing.T) {
			well := routertest.NewReceiver(t, routertest.Well)
			p := routertest.NewProcess(t, plain(t), file(target("well", well.URL()), rule("all", "**", "well")), t.TempDir(), c.flags...)
			p.Start()
			for _, mode := range []string{"application/json", "application/cloudevents+json"} {
				for _, size := range c.sizes {
					checkSize(t, p, well, mode, size, c.limit)
				}
			}
			checkStream(t, p, c.limit, "Transfer-Encoding: chunked")
			checkStream(t, p, c.limit, fmt.Sprint("Content-Length: ", gib))
		})
	}
}

// checkSize publishes one event whose body has so many bytes.
func checkSize(t *testing.T, p *routertest.Process, well *routertest.Receiver, mode string, size, limit int) {
	t.Helper()
	id := fmt.Sprintf("%s of %d", mode, size)
	body, data := bodyOf(mode, id, size)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.Address(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", mode)
	if mode == "application/json" {
		for name, value := range map[string]string{"Specversion": "1.0", "Id": strings.ReplaceAll(id, " ", "%20"), "Source": "/s", "Type": "t"} {
			req.Header.Set("Ce-"+name, value)
		}
	}
	before := len(well.Arrivals())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	if size > limit {
		checkRefused(t, id, res.StatusCode, answer, limit)
		return
	}
	if res.StatusCode != http.StatusAccepted {
		t.Fatalf("%s: %d %s", id, res.StatusCode, answer)
	}
	well.UntilTaken(before + 1)
	p.Drained()
	got := well.Arrivals()[before].Body
	if sha256.Sum256(got) != sha256.Sum256(data) {
		t.Errorf("%s: %d bytes of data arrived, not the %d that were sent", id, len(got), len(data))
	}
}

// bodyOf is a body of exactly size bytes, and the data of the event in it.
func bodyOf(mode, id string, size int) (body, data []byte) {
	before, after := `"`, `"`
	if mode != "application/json" {
		before, after = fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/s","type":"t","data":"`, id), `"}`
	}
	text := strings.Repeat("x", size-len(before)-len(after))
	return []byte(before + text + after), []byte(`"` + text + `"`)
}

func checkRefused(t *testing.T, what string, status int, answer []byte, limit int) {
	t.Helper()
	var told struct{ Limit int }
	if err := json.Unmarshal(answer, &told); status != http.StatusRequestEntityTooLarge || err != nil || told.Limit != limit {
		t.Errorf("%s: %d %s; expected 413 and the limit of %d", what, status, answer, limit)
	}
}

// checkStream sends a body of 1 GiB, or as much of it as is taken, and looks at
// the memory meanwhile.
func checkStream(t *testing.T, p *routertest.Process, limit int, length string) {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(routertest.Patience))
	answered := make(chan *http.Response, 1)
	go func() {
		defer close(answered)
		if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			answered <- res
		}
	}()
	before := p.Memory()
	sent, most := pour(conn, length, func() uint64 { return p.Memory() })
	if sent == gib {
		t.Errorf("%s: all of 1 GiB was taken", length)
	}
	if res := <-answered; res == nil {
		t.Errorf("%s: no answer", length)
	} else {
		answer, _ := io.ReadAll(res.Body)
		checkRefused(t, length, res.StatusCode, answer, limit)
	}
	p.Send(t, routertest.Event{ID: "after " + length})
	most = max(most, p.Memory())
	t.Logf("%s: %d KiB were taken; memory %d MiB, at most %d MiB meanwhile", length, sent/kib, before/mib, most/mib)
	if grown := int(most - before); grown > 4*limit+32*mib {
		t.Errorf("%s: the memory grew by %d MiB", length, grown/mib)
	}
}

// pour posts an event without an end until nobody takes more of it.
func pour(conn net.Conn, length string, memory func() uint64) (sent int, most uint64) {
	const size = 64 * kib
	piece := bytes.Repeat([]byte("x"), size)
	if strings.Contains(length, "chunked") {
		piece = fmt.Appendf(nil, "%x\r\n%s\r\n", size, piece)
	}
	_, err := fmt.Fprintf(conn, "POST /events HTTP/1.1\r\nHost: wye\r\nContent-Type: application/json\r\n"+
		"Ce-Specversion: 1.0\r\nCe-Id: endless\r\nCe-Source: /s\r\nCe-Type: t\r\n%s\r\n\r\n", length)
	for ; err == nil && sent < gib; sent += size {
		if sent%mib == 0 {
			most = max(most, memory())
		}
		_, err = conn.Write(piece)
	}
	return sent, most
}
