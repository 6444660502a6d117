package process

// Memory is what a process has of the machine's memory: now, and at most since
// it started.
type Memory struct{ Now, Peak uint64 } // bytes
