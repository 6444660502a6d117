// Package faults holds tests that break things: they kill the real binary,
// cut the power under its disk, and surround a well target with bad ones. What
// they hold Wye to is what package router promises.
package faults
