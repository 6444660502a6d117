// Package lanes decides about the deliveries to one target: which is handed over
// next and when, what follows from its answer, what goes into the backlog and
// what comes back from it. It owns the target's policy in force (rate, breaker,
// order, batches, expiry) and the promises that come with it:
//
//   - a delivery leaves a lane only with an outcome, or for the backlog;
//   - one that has an outcome is let go of only after the outcome is recorded;
//   - deliveries of one key are handed over one at a time and in order, and what
//     is stored of them is stored in that order;
//   - what a lane has in memory is bounded, however much waits for its target.
//
// It knows no clock, no goroutine, no bus and no target. Every method takes the
// time as an argument and returns at once; what is to be done is put down as an
// [Effect], in order, and what came of it is told by another call. So a lane
// lives as well in a simulation, with a clock and a store that are made up, as in
// a router: see the tests of package router. It is used under its caller's lock.
//
// # Ways of a delivery
//
//	Offer ──► queue ──► Next ──► Answered ──► Record ──► Ended ──► Settle
//	            │ stuck, aside     │ retry      Bury
//	            ▼                  ▼
//	          Store ───────────► Store ──► Stored ──► Settle, or Done with its old place
//	                                          ⋮
//	Fetched ◄── (backlog) ◄───────────────────┘
//	   └─► parked until due ─► ready ─► Next ─► …  ─► Ended ──► Done
//
// A delivery that takes long, and straight ones that others of its key wait
// for, are lent: stored while they are under way, so that their event counts as
// settled. When the copy is met in the backlog it belongs to the delivery under
// way, and is not delivered by itself.
//
// A delivery from the backlog that fails while its target is left alone or probed
// stays where it is in the backlog, with its attempts in memory only: stored again
// it would be behind all that came during the outage, and expire as late.
//
// # Order
//
// In a lane with order, the deliveries of one key form a chain of which only the
// head can be handed over. A chain is either straight, or behind: then all of it
// is in the backlog, or on its way there in order, and what comes new goes there
// too. A head from the backlog that is to be tried again keeps its place: stored
// again it would be behind those that follow it. Of a chain that waits, only as
// much is in memory as there is room for; of the rest the lane knows the places
// ([Job.Light]) and has them read again when it is their turn.
package lanes
