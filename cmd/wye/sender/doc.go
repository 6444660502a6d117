// Package sender publishes events to a running Wye: what `wye send` does
// between its flags and its printing.
//
// [Read] finds events in files, directories and standard input, each with its
// place, and tells of everything that is wrong with them before anything is
// sent. [Run] sends them, over HTTP or NATS, at a rate, a few requests at once,
// and again where the server asks for patience. What became of each event is an
// [Outcome]: a receipt or a refusal.
//
//	files, stdin ── Read ──► Item… ── Repeat ──► Run ──► pacing ──► workers ──► Outcome…
//
// Sending an event a second time is safe as long as it keeps its id: Wye answers
// it as a duplicate. So a request that got no answer is simply repeated.
package sender
