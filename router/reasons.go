package router

import "github.com/wye-events/wye/router/lanes"

// ReasonKeyWaits is why a delivery waits that was not tried: the first of its key,
// at a target with an order, is to be tried again first.
const ReasonKeyWaits = "key_waits"

// Reasons of dead letters.
const (
	ReasonPermanent = lanes.ReasonPermanent // the receiver will never take this event
	ReasonAttempts  = lanes.ReasonAttempts  // the policy's attempts are spent
	ReasonExpired   = lanes.ReasonExpired   // the policy's time is spent, or the event's own
	ReasonOrphaned  = lanes.ReasonOrphaned  // the target is not in the rules any more
	ReasonRuleError = lanes.ReasonRuleError // the rule's condition failed, and the rule says so
	ReasonLoop      = lanes.ReasonLoop      // the event came back through targets too often
)
