package sender

import "strings"

// OverNATS tells whether an address is that of a NATS server.
func OverNATS(to string) bool {
	return strings.HasPrefix(to, "nats://") || strings.HasPrefix(to, "tls://")
}

func dial(cfg Config) (publisher, error) {
	if OverNATS(cfg.To) {
		return newNATSPublisher(cfg)
	}
	return newHTTPPublisher(cfg), nil
}
