// Package router is the life of an event: it takes one in, decides with the
// rules where it goes, hands it to targets, and sees to it that every match
// ends in exactly one outcome: delivered, dead-lettered, expired or dropped. It
// knows nothing of HTTP serving (that is router/api), of YAML and CEL (rules) or
// of NATS (router/bus). What is to be done next for one target is decided by a room
// of its own, router/lanes, which knows no clock, no goroutine and no store.
//
// # Straight through, and aside only in trouble
//
//	Accept, NATS wye.in ─► [EVENTS] durable, then the answer        accept.go
//	                          │ one reader, in order                loop.go
//	                          ▼
//	        Matcher.Match, then for each match its target's lane    lane.go
//	                          │
//	            Target.Deliver ─► decide(err, policy, attempt, left) lanes/decide.go
//	       ┌──────────────────┼─────────────────────────┐
//	   delivered      lane stuck, target held,     permanent, policy
//	   or dropped     or to be tried again         spent, or expired
//	       │              [BACKLOG]                  [DEAD]         act.go, letter.go
//	       │              │  pump.go ─► lane again     │
//	       └─► settled ◄──┴────────────────────────────┘
//	              │ all events below the floor are settled          window.go
//	              ▼ the floor is saved; a start reads on from it
//
// In good weather an event is written once and read at most once, however many
// targets it has. Only trouble writes again: a delivery that failed, or that
// could not even begin because its target is slow or held back, is stored whole
// in the backlog of its target and counts as settled from then on. So a target
// in trouble holds up neither the floor nor any other target.
//
// # What is promised
//
//   - An accepted event is durable before it is answered, and is read again
//     after a crash unless it is settled: nothing is lost.
//   - Settled means: each of its deliveries has ended, or is durable in BACKLOG.
//     A dead letter or backlog entry is durable before what it replaces is let go;
//     one that the store does not take is handed to it again until it does, and
//     shown meanwhile (deadunwritten.go).
//   - What became of each delivery is on the disk before the floor above its
//     event is saved (outcomes.go, floor.go), and none is left out: whoever finds
//     a floor finds below it an outcome, or an entry in the backlog, of every
//     delivery. Nobody waits for that but the floor: outcomes are stored in
//     batches, behind the deliveries' backs, until too many wait.
//   - A crash repeats at most what lies between the saved floor and the head, and
//     what was under way from a backlog, each with the same delivery id. The
//     floor is saved every [floorEvery], and in a way that outlasts a power cut
//     every [lastEvery]; above it lie at most [windowEvents] unsettled events and
//     what was settled since it was saved.
//   - A target that is down costs little: with a million deliveries waiting for one
//     the process took 89 MiB more than before, and worked them off at 13,000 a
//     second while 1,000 a second came (two cores; TestLongOutage). Ten power cuts
//     under load lost none of 15,493 acknowledged events (TestPowerCut), and the
//     account balanced after each.
//   - A rule set is swapped whole: every event is judged by exactly one version,
//     which its deliveries carry. A delivery names its target and never embeds
//     its settings, so what waits is healed by fixing the target.
//   - While the disk is full nothing new is accepted. What was accepted goes on to
//     be delivered, and what cannot be written waits, until there is room again
//     (accept.go, and package bus).
//
// A simulation holds them (sim_test.go): the lanes, the window and the floor with
// a clock, a store and receivers that are made up, a million steps a run, with
// crashes that only what is durable outlasts. Faults that can be made for real
// are in the tests of router/faults.
//
// # Where rules come from
//
// A rule set comes from a source (package source): a path that is watched or a Git
// repository that is polled (watch.go, poll.go), and whoever asks may have it looked
// at at once (sourcing.go). What a look finds comes into force whole or not at all;
// what is in force stays as long as nothing better is there. The store remembers
// which that is, and its files (inforce.go), so that a start that cannot use the
// source goes on with it. A person may suspend the source, and put a version that is
// kept in force ([Router.Suspend], [Router.Apply]). How it is with the source is one
// value, [SourceStatus], which is logged when it becomes another.
//
// # Looking back
//
// For every event of the archive it is known which rule set decided it
// (history.go): the loop notes the sequence at which it first uses another one,
// and the files of each are kept as long as an event that it decided, and of the
// newest 20 in any case. An event that a crash lets be read again is decided
// again; then the newest decision is the one that is told. What became of its
// deliveries is put together from what the lanes hold, the history of outcomes,
// the backlogs and the dead letters ([Router.Past]); where nothing is found the
// answer is "unknown", never a guess. Secrets are in none of it: rule files have only
// references to them.
//
// # Operations
//
// Redrives and discards of dead letters and replays are long work of the server
// (operation.go), which outlives who asked for it and a restart. One walks in
// order through the dead letters or the archive, up to an end that is fixed when
// it begins, has a bounded number of steps open, and is as far as the first of
// them that has not ended; that is saved four times a second.
//
//	redrive   its record ─► its entry in BACKLOG ─► both durable ─► removed from DEAD
//	discard   its record, durable ─► removed from DEAD
//	replay    matched with the rules of now ─► entries in BACKLOG with ids of their own
//
// An entry is deposited (deposit.go): it goes behind what waits for its target, never
// past it, and the lane counts it from the moment that it is on its way.
//
// A start after a crash finds by the records of its last moment which redrives
// had begun, so that none is recorded twice or undone. What a replay did in that
// moment is done again, with the same delivery ids.
//
// # The account
//
// [Router.Audit] proves, and believes no counter for it, that every event of a
// stretch of the archive ended as it must: it matches each again with the rules
// that decided it (auditlook.go), and looks up what became of every delivery that
// there must be: its newest outcome, or where it waits. It looks in the order in
// which things move, so that it is exact while Wye runs. The metrics come to the
// same sums, for the life of the process (deliveryaccounts.go).
//
// # Who runs
//
// One goroutine reads and matches (the loop). A lane has as many workers as it
// has requests under way, at most its concurrency, none when it is idle; and
// one pump while its backlog is not empty. [lanes.Lane] decides, under the lane's
// lock, and puts down what is to be done as effects; these are done in their order,
// by one goroutine at a time and in one place, [lane.act]. What came of one is told
// to the lane by another call.
package router
