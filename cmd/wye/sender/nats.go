package sender

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// natsSubject is where Wye takes events.
const natsSubject = "wye.in"

const natsWithin = 15 * time.Second

// natsPublisher speaks the NATS binding, and asks for an answer to each event.
type natsPublisher struct {
	to   string
	mode cloudevent.Mode
	conn *nats.Conn
}

func newNATSPublisher(cfg Config) (*natsPublisher, error) {
	conn, err := nats.Connect(cfg.To, nats.Name("wye send"), nats.MaxReconnects(-1))
	if err != nil {
		return nil, &Unreachable{cfg.To, err}
	}
	return &natsPublisher{cfg.To, cfg.Mode, conn}, nil
}

func (p *natsPublisher) close() { p.conn.Close() }

func (p *natsPublisher) publish(ctx context.Context, items []Item) ([]Receipt, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, natsWithin, fmt.Errorf("no answer within %s", natsWithin))
	defer cancel()
	header, body := encode(p.mode, items)
	answer, err := p.conn.RequestMsgWithContext(ctx, &nats.Msg{Subject: natsSubject, Header: nats.Header(header), Data: body})
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, &Unreachable{p.to, fmt.Errorf("a NATS server answers, but nobody takes events on %s", natsSubject)}
	case errors.Is(err, nats.ErrMaxPayload):
		return nil, &Refusal{Status: 413, Title: "Too large", Detail: fmt.Sprintf("the event is larger than the %d bytes that the NATS server takes", p.conn.MaxPayload())}
	case err != nil && ctx.Err() != nil:
		return nil, &Unreachable{p.to, context.Cause(ctx)}
	case err != nil:
		return nil, &Unreachable{p.to, err}
	}
	return natsAnswer(answer.Data)
}

// natsAnswer reads a receipt or a problem; only a problem has a status.
func natsAnswer(text []byte) ([]Receipt, error) {
	var problem struct {
		Status                   int
		Title, Detail, Attribute string
	}
	if json.Unmarshal(text, &problem) == nil && problem.Status != 0 {
		return nil, &Refusal{Status: problem.Status, Title: problem.Title, Detail: problem.Detail, Attribute: problem.Attribute}
	}
	return receiptsOf(false, 1, text)
}
