// Package bus is the embedded (or remote) JetStream under Wye: where accepted
// events, waiting deliveries and dead letters are kept. It is the only room
// that imports nats-server and nats.go. It speaks bytes and sequence numbers:
// it knows no events, no rules and no targets.
//
// # Streams
//
//	WYE_EVENTS    wye.events            every accepted event, the archive; appended, never changed
//	WYE_BACKLOG   wye.backlog.<target>  deliveries that could not go straight through
//	WYE_DEAD      wye.dead.<target>     dead letters
//	WYE_OUTCOMES  wye.outcomes          what became of deliveries, in compressed batches; kept as long as the events
//	WYE_STATE     wye.state.<key>       the last value of small things: the settled floor
//	              wye.state.decided.<n> what decided the events from sequence n on
//	              wye.state.operation.<id> how far a redrive, discard or replay is
//	              wye.state.paused.<target> who paused the target, and why
//	WYE_RULESETS  wye.rulesets.<v>.<n>  the rule sets that were in force, in parts; Wye runs without it
//
// and those that the queue and stream kinds of target ask for:
// WYE_QUEUE_<name> on wye.queue.<name>, and one per kept subject.
//
// # What an append promises
//
// [Bus.Append] answers when the message is durable. With an embedded server and
// [SyncDurable] that is a group commit: the store's acknowledgement (the bytes
// are written), then one fsync of the stream's newest block files that serves
// everybody who waits for one (each stream has a committer). JetStream itself
// would fsync every two minutes (SyncRelaxed here), or once a message (SyncAlways). With remote
// servers the acknowledgement is theirs: a stream with three replicas has it on
// three machines.
//
// A message with an id that its stream has met within its duplicate window is
// there once, also over a restart. For WYE_EVENTS the window is the one of the
// configuration, for WYE_BACKLOG and WYE_DEAD that or a minute, whichever is
// shorter: the store has every such id in memory, and what a crash repeats is
// repeated soon after the next start.
//
// What the commit relies on, learnt from simulated power cuts:
//
//   - the store's tree is synced once after a stream is created, so that the
//     stream itself survives;
//   - a commit syncs the newest block and every block that was rolled since, and
//     the directory when one was; blocks are found by listing, not by counting;
//   - a failed fsync is final: the pages may be gone, and a second fsync would
//     claim otherwise. The bus stops ([Bus.Failed]);
//   - WYE_EVENTS is append-only: no deletes, no per-message expiry, no
//     compression. Only [Bus.Trim] takes settled messages from its head, far
//     from the block that is being written.
//
// WYE_BACKLOG loses messages as they are settled, and WYE_DEAD as people deal
// with them, so the server compacts their older blocks by writing a new file and
// renaming it. Such a file counts as new
// and is synced by the next commit, at the latest after a second. (On ext4 the
// rename itself flushes it; elsewhere a power cut within that second can lose
// what was in the file.) That a message was removed is not synced by itself: a
// power cut may bring it back, so who removes one must bear to meet it again.
//
// # A full disk
//
// The embedded store must never meet one: a write of the server that fails wedges
// its stream. So the file system is looked at ten times a second, and beyond a
// watermark [Bus.Full] says that nothing new is to be accepted. What is free then
// (a tenth of the disk, at most 4 GiB, at least 64 MiB or a quarter) is for what
// is accepted already: backlog, dead letters, outcomes.
//
// Another program may still take all of it. Against that a reserve (32 MiB or a
// fiftieth of the disk) lies in a file, which is removed when hardly anything is
// left and nobody is filling the disk at that moment. A stream that was wedged
// meanwhile is noticed by what the server logs. Those who wait for it are
// answered at once with [FullError], and when something can be written again the
// server recovers its streams from disk, as at a start, without its clients
// noticing more than a pause (measured: 15 to 90 ms with some hundred events on a
// full ext4; a start takes 0.4 s with a million). Until that works, [Bus.Wedged]
// says so.
//
// A failed fsync stays final, also for want of space: a file system that finds out
// so late (NFS, for one; ext4 and XFS set the space aside when a page is written)
// may have dropped the pages, and a second fsync would claim otherwise. A write that failed for another
// reason than space is final too.
//
// # Reading
//
// There is one reader of WYE_EVENTS, in order ([Reader]), and it never sees a
// message before it is durable. While it is at the head, it is handed what was
// just committed, with the value that the appender attached, from memory (the
// tail); what the tail no longer has is read from the stream, which stays the
// truth. WYE_BACKLOG is read by a durable consumer per target ([Backlog]).
//
// # Looking back
//
// A single event is read by its sequence, which costs some 0.1 ms. For one that
// is known by its id there is no index: the store itself can be asked only about
// the IDs within the duplicate window ([Bus.Recall]); else headers are read
// backwards from the newest ([Bus.SearchBack]), about 10 µs of processor time
// an event (measured: 186,000 of 512 bytes or 31,000 of 64 KiB a second on two
// idle cores, 30,000 of 512 bytes on two that had much else to do). Batches of
// WYE_OUTCOMES say of which sequences they tell, and are read from the event's
// own time on, so that the usual look ends in the first few.
//
// Outcomes are as durable as events, by a commit of their own; who saves a floor
// waits for them. So are dead letters, entries of the backlog, pauses and the states
// of operations.
//
// What WYE_STATE says of who decided which events ([Bus.SetMark]) is as durable
// as the floor beside it, by the order of one stream. WYE_RULESETS is written
// with the same commit as events, in the background.
package bus
