package examples_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// TestOrderRouting runs the example as its README does: the real wye, the
// function as the functions framework serves it, and publishers that know
// nothing of Wye: the CloudEvents SDK over HTTP and nats.go over NATS.
func TestOrderRouting(t *testing.T) {
	if testing.Short() {
		t.Skip("starts programs")
	}
	function := build(t, "order-routing/function/cmd", "pack-order")
	port := freePort(t)
	s := startShop(t, "127.0.0.1:"+port)

	// The first order comes while nobody packs, and waits.
	s.sendHTTP(t, "sdk-binary", false)
	eventually(t, "the order waits for packing", func() bool { return s.target(t, "packing").Waiting == 1 })
	packer := run(t, []string{"PORT=" + port}, function)
	packer.await(`"event":"sdk-binary"`)

	s.sendHTTP(t, "sdk-structured", true)
	s.sendNATS(t, "nats-binary", false)
	s.sendNATS(t, "nats-structured", true)
	ids := []string{"sdk-binary", "sdk-structured", "nats-binary", "nats-structured"}
	for _, id := range ids {
		packer.await(`{"order":"1001","pieces":7,"fragile":true,"event":"` + id + `","source":"/shop/eu"}\n`)
	}
	js := s.jetStream(t)
	collect(t, "the queue billing", ids, queued(t, js))
	collect(t, "the stream audit.orders", ids, kept(t, js))
	for _, target := range []string{"packing", "billing", "audit", "review"} {
		eventually(t, target+" has all four", func() bool { return s.target(t, target).Delivered == len(ids) })
	}
}

// TestOrderThatCannotBePacked holds that a 400 is a dead letter at once, with
// what the function said.
func TestOrderThatCannotBePacked(t *testing.T) {
	if testing.Short() {
		t.Skip("starts programs")
	}
	function := build(t, "order-routing/function/cmd", "pack-order")
	port := freePort(t)
	run(t, []string{"PORT=" + port}, function).await("PackOrder")
	s := startShop(t, "127.0.0.1:"+port)

	s.send(t.Context(), t, event(t, "without-items.json"))
	eventually(t, "the dead letter is there", func() bool { return len(s.dead(t).Letters) == 1 })
	d := s.dead(t).Letters[0]
	if d.Target != "packing" || d.Rule != "orders" || d.Reason != "permanent" || d.EventID != "order-1003-placed" {
		t.Errorf("the dead letter is %+v", d)
	}
	if len(d.Attempts) == 0 {
		t.Fatal("it tells of no attempt")
	}
	last := d.Attempts[len(d.Attempts)-1]
	if last.Status != http.StatusBadRequest || !strings.Contains(last.Excerpt, "order 1003 has no items") {
		t.Errorf("its last attempt is %+v", last)
	}
	eventually(t, "billing has it all the same", func() bool { return s.target(t, "billing").Delivered == 1 })
}

// shop is a running wye with the rules of order-routing.
type shop struct{ http, nats, admin string }

// startShop starts wye with the example's rules, but for the function's address.
func startShop(t *testing.T, function string) *shop {
	t.Helper()
	dir := t.TempDir()
	text := read(t, "order-routing/rules.yaml")
	moved := strings.Replace(text, "127.0.0.1:8090", function, 1)
	if moved == text {
		t.Fatal("order-routing/rules.yaml does not name the function's address 127.0.0.1:8090")
	}
	rules := filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(rules, []byte(moved), 0o600); err != nil {
		t.Fatal(err)
	}
	const free = "127.0.0.1:0"
	wye := run(t, nil, buildWye(t), "serve", "--rules", rules, "--data", filepath.Join(dir, "data"), "--http", free, "--admin", free, "--nats", free)
	said := wye.await(`POST to (http://\S+/events), or by NATS on wye\.in at (\S+)\n(?:.*\n)*?.*See (http://[^/\s]+)/api`)
	return &shop{http: said[0], nats: "nats://" + said[1], admin: said[2]}
}

// event is an event file of order-routing as the SDK reads it.
func event(t *testing.T, file string) cloudevents.Event {
	t.Helper()
	var e cloudevents.Event
	if err := json.Unmarshal([]byte(read(t, filepath.Join("order-routing/events", file))), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// order is a large order under an id of its own.
func order(t *testing.T, id string) cloudevents.Event {
	t.Helper()
	e := event(t, "large-fragile.json")
	e.SetID(id)
	return e
}

func (s *shop) sendHTTP(t *testing.T, id string, structured bool) {
	t.Helper()
	ctx := cloudevents.WithEncodingBinary(t.Context())
	if structured {
		ctx = cloudevents.WithEncodingStructured(t.Context())
	}
	s.send(ctx, t, order(t, id))
}

// send publishes with the SDK's client, in the mode that ctx asks for.
func (s *shop) send(ctx context.Context, t *testing.T, e cloudevents.Event) {
	t.Helper()
	client, err := cloudevents.NewClientHTTP(cloudevents.WithTarget(s.http))
	if err != nil {
		t.Fatal(err)
	}
	if result := client.Send(ctx, e); !cloudevents.IsACK(result) {
		t.Fatalf("event %s was not accepted: %v", e.ID(), result)
	}
}

// sendNATS publishes as the CloudEvents NATS binding says, and reads the answer.
func (s *shop) sendNATS(t *testing.T, id string, structured bool) {
	t.Helper()
	e := order(t, id)
	m := nats.NewMsg("wye.in")
	if structured {
		body, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		m.Header["content-type"], m.Data = []string{"application/cloudevents+json"}, body
	} else {
		m.Header = nats.Header{
			"ce-specversion": {e.SpecVersion()}, "ce-id": {e.ID()}, "ce-source": {e.Source()}, "ce-type": {e.Type()},
			"content-type": {e.DataContentType()},
		}
		m.Data = e.Data()
	}
	reply, err := s.connect(t).RequestMsgWithContext(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		ID       string
		Sequence uint64
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil || answer.ID != id || answer.Sequence == 0 {
		t.Fatalf("the answer to %s is %s (%v)", id, reply.Data, err)
	}
}

func (s *shop) connect(t *testing.T) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(s.nats)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func (s *shop) jetStream(t *testing.T) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(s.connect(t))
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// targetStatus and deadPage are what the tests read of the admin interface.
type targetStatus struct {
	Name      string
	Active    int
	Waiting   int
	Delivered int
}

type deadPage struct {
	Letters []struct {
		Target, Rule, Reason string
		EventID              string `json:"event_id"`
		Attempts             []struct {
			Status  int
			Excerpt string
		}
	} `json:"dead_letters"`
}

func (s *shop) target(t *testing.T, name string) targetStatus {
	t.Helper()
	var all []targetStatus
	s.ask(t, "/api/v1/targets", &all)
	for _, one := range all {
		if one.Name == name {
			return one
		}
	}
	t.Fatalf("there is no target %s", name)
	return targetStatus{}
}

func (s *shop) dead(t *testing.T) deadPage {
	t.Helper()
	var page deadPage
	s.ask(t, "/api/v1/dead", &page)
	return page
}

func (s *shop) ask(t *testing.T, path string, into any) {
	t.Helper()
	response, err := http.Get(s.admin + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s (%v)", path, response.Status, body, err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%s: %v in %s", path, err, body)
	}
}
