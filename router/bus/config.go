package bus

import (
	"fmt"
	"log/slog"
	"time"
)

// Sync says when an append counts as durable.
type Sync string

const (
	// SyncDurable answers after an fsync that many appends share (group commit).
	SyncDurable Sync = "durable"
	// SyncRelaxed answers when the operating system has the bytes: a killed
	// process loses nothing, a power cut may lose the last two minutes.
	SyncRelaxed Sync = "relaxed"
	// SyncAlways lets the store fsync every message by itself.
	SyncAlways Sync = "always"
)

// ParseSync reads the value of --sync.
func ParseSync(s string) (Sync, error) {
	switch v := Sync(s); v {
	case SyncDurable, SyncRelaxed, SyncAlways:
		return v, nil
	}
	return "", fmt.Errorf("sync mode %q is not known; use durable, relaxed or always", s)
}

// Config is what a bus is opened with. The zero value of a field means its default.
type Config struct {
	Dir    string // where the embedded server stores; not used with URL
	Listen string // address of the embedded server's NATS listener; "" for none
	URL    string // of NATS servers to use instead of an embedded one
	Sync   Sync   // default SyncDurable

	DuplicateWindow time.Duration // default 5m
	MaxMessage      int           // largest message's data in bytes, default 1 MiB
	Replicas        int           // of the streams on remote servers, default 1
	// DiskWatermark is the part of the embedded store's disk, in percent, beyond
	// which nothing new is accepted; 0 for [DefaultWatermark], but then never more
	// than 4 GiB are kept free.
	DiskWatermark int

	Log *slog.Logger // default slog.Default()
}

// headerRoom is what a message may carry on top of its data: headers, of which
// JetStream takes 64 KiB, and what the router tells of a delivery.
const headerRoom = 160 << 10

func (c Config) withDefaults() Config {
	if c.Sync == "" {
		c.Sync = SyncDurable
	}
	if c.DuplicateWindow == 0 {
		c.DuplicateWindow = 5 * time.Minute
	}
	if c.MaxMessage == 0 {
		c.MaxMessage = 1 << 20
	}
	if c.Replicas == 0 {
		c.Replicas = 1
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}
