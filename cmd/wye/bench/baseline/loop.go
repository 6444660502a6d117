package baseline

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Loop is the plain loop: publish to a stream, consume it with some workers,
// evaluate the rules, post to the sink. The handler ingests; the workers run
// as long as the process.
func Loop(ctx context.Context, js jetstream.JetStream, conditions []string, sink string, workers int) (http.Handler, error) {
	rules, err := compile(conditions)
	if err != nil {
		return nil, err
	}
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "LOOP", Subjects: []string{"loop"}})
	if err != nil {
		return nil, err
	}
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: "loop", MaxAckPending: 4096})
	if err != nil {
		return nil, err
	}
	work := make(chan jetstream.Msg, workers)
	client := poster(workers)
	for range workers {
		go func() {
			for m := range work {
				deliver(ctx, client, sink, rules, m)
			}
		}()
	}
	_, err = consumer.Consume(func(m jetstream.Msg) { work <- m })
	return ingest(js), err
}

func compile(conditions []string) (rules []cel.Program, err error) {
	env, err := cel.NewEnv(cel.Variable("event", cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		return nil, err
	}
	for _, condition := range conditions {
		ast, issues := env.Compile(condition)
		if issues.Err() != nil {
			return nil, issues.Err()
		}
		program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		if err != nil {
			return nil, err
		}
		rules = append(rules, program)
	}
	return rules, nil
}

func ingest(js jetstream.JetStream) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		m := &nats.Msg{Subject: "loop", Data: body, Header: nats.Header(attributes(r.Header))}
		if _, err := js.PublishMsg(r.Context(), m); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		accepted(w, r.Header.Get("Ce-Id"))
	}
}

func deliver(ctx context.Context, client *http.Client, sink string, rules []cel.Program, m jetstream.Msg) {
	var data any
	if err := json.Unmarshal(m.Data(), &data); err != nil {
		_ = m.Term()
		return
	}
	event := map[string]any{"event": map[string]any{"type": m.Headers().Get("Ce-Type"), "data": data}}
	for _, rule := range rules {
		if matched, _, err := rule.Eval(event); err != nil || matched.Value() != true {
			continue
		}
		if err := post(ctx, client, sink, http.Header(m.Headers()), m.Data()); err != nil {
			_ = m.NakWithDelay(time.Second)
			return
		}
	}
	_ = m.Ack()
}
