package router

import (
	"context"
	"encoding/json"
	"fmt"
)

// reign is a time for which one rule set was in force. It ends with the next one's
// beginning.
type reign struct {
	Applied
	Source string `json:"source"` // the address of the source at that time
}

const (
	// recordReigns is the name under which the store has them, the oldest first.
	recordReigns = "reigns"
	// reignsKept bounds them.
	reignsKept = 200
)

// began notes that a rule set came into force. What goes on after a restart, or is
// found by a newer commit, is the same reign. s.mu is held.
func (s *sourcing) began(now Applied) {
	if n := len(s.reigns); n > 0 {
		last := &s.reigns[n-1]
		if last.Version == now.Version && last.At.Equal(now.At) {
			last.Revision = now.Revision
			return
		}
	}
	s.reigns = append(s.reigns, reign{now, s.from.Address().String()})
	s.reigns = s.reigns[max(0, len(s.reigns)-reignsKept):]
}

// loadReigns reads what an earlier run noted. It is for those who look back, so
// without it Wye starts all the same.
func (r *Router) loadReigns(ctx context.Context) {
	text, err := r.bus.LoadRecord(ctx, recordReigns)
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &r.sourcing.reigns)
	}
	if err != nil {
		r.log.Warn("when which rules were in force could not be read; it will not be known", "error", err)
	}
}

// saveReigns writes them down. s.keeping is held.
func (r *Router) saveReigns(ctx context.Context) error {
	s := r.sourcing
	s.mu.Lock()
	text, err := json.Marshal(s.reigns)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := r.bus.SaveRecord(ctx, recordReigns, text); err != nil {
		return fmt.Errorf("note when which rules were in force: %w", err)
	}
	return nil
}
