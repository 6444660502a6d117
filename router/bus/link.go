package bus

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// link is a connection to one account: to Wye's own streams, or to those that
// it shares with guests. With remote servers both are the same.
type link struct {
	account string
	nc      *nats.Conn
	js      jetstream.JetStream
}

// redacted is a list of server URLs without the credentials in them.
func redacted(urls string) string {
	list := strings.Split(urls, ",")
	for i, text := range list {
		scheme, rest, ok := strings.Cut(strings.TrimSpace(text), "://")
		if !ok {
			scheme, rest = "nats", scheme
		}
		if at := strings.LastIndex(rest, "@"); at >= 0 {
			rest = rest[at+1:]
		}
		list[i] = scheme + "://" + rest
	}
	return strings.Join(list, ",")
}

// connect opens the two links.
func (b *Bus) connect() (err error) {
	if b.server == nil {
		b.own, err = b.dial("")
		b.shared = b.own
		return err
	}
	as := func(k userKey) []nats.Option {
		return []nats.Option{nats.InProcessServer(b.server), nats.Nkey(k.public, k.pair.Sign)}
	}
	if b.own, err = b.dial(ownAccount, as(b.server.own)...); err != nil {
		return err
	}
	b.shared, err = b.dial(guestAccount, as(b.server.host)...)
	return err
}

func (b *Bus) dial(account string, opts ...nats.Option) (*link, error) {
	opts = append(opts, nats.Name("wye"), nats.MaxReconnects(-1), nats.ReconnectWait(250*time.Millisecond),
		nats.CustomInboxPrefix(inboxPrefix), nats.ErrorHandler(b.asyncError))
	nc, err := nats.Connect(b.cfg.URL, opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS at %s: %w", b.where(), err)
	}
	l := &link{account: account, nc: nc}
	b.links = append(b.links, l)
	if err := b.limit(nc); err != nil {
		return nil, err
	}
	if l.js, err = jetstream.New(nc); err != nil {
		return nil, err
	}
	return l, nil
}

// limit keeps messages within what the servers take.
func (b *Bus) limit(nc *nats.Conn) error {
	room := int(nc.MaxPayload()) - headerRoom
	if room >= b.cfg.MaxMessage {
		return nil
	}
	if room <= 0 {
		return fmt.Errorf("the NATS servers at %s take messages of %d bytes; Wye needs a max_payload of more than %d", b.where(), nc.MaxPayload(), headerRoom)
	}
	b.cfg.Log.Warn("events are limited by the NATS servers' max_payload", "bytes", room)
	b.cfg.MaxMessage = room
	return nil
}
