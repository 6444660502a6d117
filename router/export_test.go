package router

// PausedByReceiver is what a lane calls when a receiver answers that it is gone.
func (r *Router) PausedByReceiver(name string, why error) { r.pausedByReceiver(name, why) }
