package routertest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/wye-events/wye/router"
	"github.com/wye-events/wye/router/bus"
	"github.com/wye-events/wye/router/routertest"
)

// binary is an event in the CloudEvents NATS binding's binary mode.
func binary(subject, id string) *nats.Msg {
	m := nats.NewMsg(subject)
	for name, value := range map[string]string{"ce-specversion": "1.0", "ce-id": id, "ce-source": "/nats", "ce-type": "com.example.test", "content-type": "application/json"} {
		m.Header[name] = []string{value}
	}
	m.Data = []byte(`{"total":7}`)
	return m
}

func structured(subject, id string) *nats.Msg {
	m := nats.NewMsg(subject)
	m.Header["content-type"] = []string{"application/cloudevents+json"}
	m.Data = fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"/nats","type":"com.example.test","data":{"total":7}}`, id)
	return m
}

func TestPublishOverNATS(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)), withNATS())
	nc := guest(t, w)
	ask := func(m *nats.Msg) (answer struct {
		router.Receipt
		Stream string `json:"stream"`
		Status int    `json:"status"`
	}) {
		t.Helper()
		got, err := nc.RequestMsg(m, routertest.Patience)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got.Data, &answer); err != nil {
			t.Fatalf("%s: %v", got.Data, err)
		}
		return answer
	}
	if a := ask(binary("wye.in", "binary")); a.Sequence != 1 || a.Duplicate || a.Stream != "WYE_EVENTS" {
		t.Errorf("%+v", a)
	}
	if a := ask(structured("wye.in.orders", "structured")); a.Sequence != 2 {
		t.Errorf("%+v", a)
	}
	if a := ask(binary("wye.in", "binary")); a.Sequence != 1 || !a.Duplicate {
		t.Errorf("%+v", a)
	}
	if a := ask(nats.NewMsg("wye.in")); a.Status != 400 {
		t.Errorf("no event at all: %+v", a)
	}
	for _, m := range []*nats.Msg{binary("wye.in.a.b", "silent"), structured("wye.in", "silent-too")} {
		if err := nc.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	r.UntilTaken(4)
	w.Settled()
	r.Once("binary", "structured", "silent", "silent-too")
}

func TestJetStreamClientsPublish(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)), withNATS())
	js := jetStream(t, w)
	ack, err := js.PublishMsg(t.Context(), binary("wye.in", "a"))
	if err != nil || ack.Stream != "WYE_EVENTS" || ack.Sequence != 1 || ack.Duplicate {
		t.Errorf("%+v, %v", ack, err)
	}
	if ack, err = js.PublishMsg(t.Context(), binary("wye.in", "a")); err != nil || !ack.Duplicate || ack.Sequence != 1 {
		t.Errorf("again: %+v, %v", ack, err)
	}
	if ack, err = js.Publish(t.Context(), "wye.in", []byte("no event")); err == nil {
		t.Errorf("no event was acknowledged: %+v", ack)
	}
	r.UntilTaken(1)
	w.Settled()
	r.Once("a")
}

// TestGuestsCannotWriteWyesSubjects goes through what a client of the listener
// could spoil.
func TestGuestsCannotWriteWyesSubjects(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Always(503))
	w := routertest.Start(t, oneRule(to("web", r, seldom)), withNATS())
	w.Send(t, routertest.Event{ID: "a"})
	w.Until("web", "has a backlog", func(s router.TargetStatus) bool { return s.Waiting == 1 })
	nc := guest(t, w)
	for _, c := range []struct{ subject, body string }{
		{"wye.events", "x"}, {"wye.outcomes", "x"}, {"wye.backlog.web", "x"}, {"wye.dead.web", "x"}, {"wye.state.floor", "999"},
		{"wye.queue.packing", "x"},
		{"$JS.API.STREAM.DELETE.WYE_EVENTS", ""}, {"$JS.API.STREAM.PURGE.WYE_EVENTS", ""}, {"$JS.API.STREAM.PURGE.WYE_BACKLOG", ""},
		{"$JS.API.STREAM.UPDATE.WYE_EVENTS", `{"name":"WYE_EVENTS","subjects":["wye.events"],"max_msgs":1}`},
		{"$JS.API.STREAM.MSG.DELETE.WYE_DEAD", `{"seq":1}`},
		{"$JS.API.CONSUMER.DELETE.WYE_BACKLOG.web", ""},
		{"$JS.API.CONSUMER.MSG.NEXT.WYE_BACKLOG.web", `{"batch":1}`},
		{"$JS.API.CONSUMER.PAUSE.WYE_BACKLOG.web", `{"pause_until":"2099-01-01T00:00:00Z"}`},
		{"$JS.API.CONSUMER.CREATE.WYE_BACKLOG", `{"stream_name":"WYE_BACKLOG","config":{"ack_policy":"explicit","filter_subject":"wye.backlog.other"}}`},
		{"$JS.ACK.WYE_BACKLOG.web.1.1.1.1.0", "+ACK"},
	} {
		t.Run(c.subject, func(t *testing.T) {
			refused := make(chan error, 1)
			nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
				select {
				case refused <- err:
				default:
				}
			})
			inbox, err := nc.SubscribeSync(nc.NewInbox())
			if err != nil {
				t.Fatal(err)
			}
			defer inbox.Unsubscribe()
			if err := nc.PublishRequest(c.subject, inbox.Subject, []byte(c.body)); err != nil {
				t.Fatal(err)
			}
			if err := nc.Flush(); err != nil { // the server's refusal comes before its answer to this
				t.Fatal(err)
			}
			select {
			case err := <-refused:
				t.Log(err)
			case <-time.After(200 * time.Millisecond):
				// Guests are in an account that has no such stream.
				answer, err := inbox.NextMsg(200 * time.Millisecond)
				if err == nil && !strings.Contains(string(answer.Data), `"error"`) && answer.Header.Get("Status") != "503" {
					t.Errorf("not refused; answered %s", answer.Data)
				}
			}
		})
	}
	if s := w.Router.Status(); s.Head != 1 {
		t.Errorf("%+v", s)
	}
	if n := w.Backlog("web"); n != 1 {
		t.Errorf("%d entries in the backlog", n)
	}
}

// TestRepliesNeverGoToWyesSubjects asks for the answer on a subject that only
// Wye may write.
func TestRepliesNeverGoToWyesSubjects(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)), withNATS())
	nc := guest(t, w)
	for i, reply := range []string{"wye.events", "wye.state.floor", "wye.dead.web", "$JS.API.STREAM.DELETE.WYE_EVENTS"} {
		m := binary("wye.in", fmt.Sprint("e", i))
		m.Reply = reply
		if err := nc.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	r.UntilTaken(4)
	w.Settled()
	w.Send(t, routertest.Event{ID: "last"})
	r.UntilTaken(5)
	w.Settled()
	if s := w.Router.Status(); s.Head != 5 || s.Floor != 5 {
		t.Errorf("%+v", s)
	}
	if letters := w.Dead(""); len(letters) > 0 {
		t.Errorf("%+v", letters)
	}
}

// TestGuestsCannotForgeAcknowledgements looks for the subject on which the
// store's acknowledgements come, and answers there before the store can.
func TestGuestsCannotForgeAcknowledgements(t *testing.T) {
	r := routertest.NewReceiver(t, routertest.Well)
	w := routertest.Start(t, oneRule(to("web", r)), withNATS())
	nc := guest(t, w)
	seen := make(chan string, 1024)
	if _, err := nc.Subscribe(">", func(m *nats.Msg) {
		if m.Subject == "wye.events" {
			seen <- m.Reply
		}
	}); err != nil {
		t.Fatal(err)
	}
	refused := make(chan error, 16)
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		select {
		case refused <- err:
		default:
		}
	})
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	w.Send(t, routertest.Event{ID: "a"})
	r.UntilTaken(1)
	select {
	case reply := <-seen:
		if err := nc.Publish(reply, []byte(`{"stream":"WYE_EVENTS","seq":1}`)); err != nil {
			t.Fatal(err)
		}
		nc.Flush()
		select {
		case <-refused:
		case <-time.After(200 * time.Millisecond):
			t.Errorf("a guest saw %s, where the store acknowledges, and may publish there", reply)
		}
	case <-refused: // it may not even listen
	case <-time.After(200 * time.Millisecond):
	}
}

// TestOtherServers runs the core of the behaviour on NATS servers of their own.
func TestOtherServers(t *testing.T) {
	for name, run := range map[string]func(t *testing.T, on routertest.Options){
		"deliver": func(t *testing.T, on routertest.Options) {
			r := routertest.NewReceiver(t, routertest.Well)
			w := routertest.Start(t, oneRule(to("web", r), "packing: {queue: {name: packing}}", "audit: {stream: {subject: audit.all}}"), on)
			ids := w.SendMany(t, "e", 100)
			if s := w.Router.Status(); s.Durability != "servers" {
				t.Errorf("%+v", s)
			}
			r.UntilTaken(100)
			w.Settled()
			if again := w.Send(t, routertest.Event{ID: "e0"}); !again.Duplicate || again.Durability != "" {
				t.Errorf("%+v", again)
			}
			w.Restart()
			if again := w.Send(t, routertest.Event{ID: "e0"}); !again.Duplicate {
				t.Errorf("%+v", again)
			}
			w.Settled()
			r.Once(ids...)
		},
		"retry": func(t *testing.T, on routertest.Options) {
			r := routertest.NewReceiver(t, firstTime(routertest.Reply{Status: 500}))
			w := routertest.Start(t, oneRule(to("web", r, quickly)), on)
			ids := w.SendMany(t, "e", 50)
			r.UntilTaken(50)
			w.Settled()
			r.Once(ids...)
		},
		"dead letters": func(t *testing.T, on routertest.Options) {
			r := routertest.NewReceiver(t, routertest.Always(400))
			w := routertest.Start(t, oneRule(to("web", r)), on)
			w.SendMany(t, "e", 50)
			w.UntilDead("web", 50)
			w.Settled()
		},
		"restart with a backlog": func(t *testing.T, on routertest.Options) {
			r := routertest.NewReceiver(t, routertest.Well)
			r.Down()
			w := routertest.Start(t, oneRule(to("web", r, "retry: {first: 10ms, max: 100ms, attempts: 1000}")), on)
			ids := w.SendMany(t, "e", 50)
			w.Floored()
			w.Restart()
			r.Up()
			r.UntilTaken(50)
			w.Settled()
			r.Once(ids...)
		},
		"hang": func(t *testing.T, on routertest.Options) {
			end := make(chan struct{})
			r := routertest.NewReceiver(t, func(routertest.Arrival) routertest.Reply { return routertest.Reply{After: end} })
			w := routertest.Start(t, oneRule(to("web", r, "concurrency: 4")), on)
			ids := w.SendMany(t, "e", 50)
			w.Floored()
			close(end)
			r.UntilTaken(50)
			w.Settled()
			r.Once(ids...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, routertest.Options{Bus: bus.Config{URL: otherServer(t)}})
		})
	}
}

// otherServer is a NATS server with JetStream that Wye did not start.
func otherServer(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(routertest.Patience) {
		t.Fatal("the other NATS server did not start")
	}
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s.ClientURL()
}
