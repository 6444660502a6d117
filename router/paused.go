package router

import "time"

// Pause says that a target gets nothing until a person resumes it. What is
// meant for it waits in its backlog.
type Pause struct {
	Since  time.Time `json:"since"`
	By     string    `json:"by"` // "person" or "receiver"
	Reason string    `json:"reason,omitempty"`
}

// setPaused pauses the lane's target, or with nil resumes it. What is under way
// ends.
func (l *lane) setPaused(p *Pause) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused = p
	if p != nil {
		l.stepAside()
		return
	}
	l.trouble = trouble{}
	l.startWorkers(time.Now())
	l.startPump()
}
