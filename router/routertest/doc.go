// Package routertest is what tests of the whole router are made of: Wye itself
// on a real bus in a temporary directory ([Start]), or as the real binary
// ([StartProcess]); receivers that answer as told ([Receiver]); and publishers
// that remember what was acknowledged ([Publishers]).
//
// Nothing here imitates a part of Wye. A test waits for what it wants to see,
// at most [Patience] long, and never for a time to pass.
package routertest
