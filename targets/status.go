package targets

import "slices"

// Verdict is what an HTTP status means for the event that was sent.
type Verdict int

const (
	// Retry is the zero value: what nobody knows is worth another attempt,
	// because a retry can lose nothing.
	Retry         Verdict = iota
	Accepted              // the receiver has the event
	Refused               // it never will: dead letter now
	Misconfigured         // so, and the target's settings are the reason
	RetryBriefly          // a few attempts: it may be on its way up
	Unauthorized          // look the secrets up again; if they changed try once more, else refused
	SlowDown              // the whole target asks for a pause
	Pause                 // the receiver was taken away: [Gone]
)

// StatusRow says what the statuses from From to To, both included, mean.
type StatusRow struct {
	From, To int
	Verdict  Verdict
}

// StatusTable is read from the top; the first row that holds a status decides.
// Put rows before the default ones to change what a target's answers mean.
type StatusTable []StatusRow

// DefaultStatuses is the table of a target that says nothing else. What is not
// named goes by its class.
func DefaultStatuses() StatusTable { return slices.Clone(defaultStatuses) }

var defaultStatuses = StatusTable{
	{200, 299, Accepted},
	{401, 401, Unauthorized},
	{404, 404, RetryBriefly}, // a function that is still being deployed
	{408, 409, Retry},
	{410, 410, Pause},
	{425, 425, Retry},
	{429, 429, SlowDown},
	{501, 501, Refused}, // it does not do this, and will not in a minute
	{505, 505, Refused},

	{100, 199, Misconfigured}, // as a last answer
	{300, 399, Misconfigured}, // never followed: the event would go where no rule sends it
	{400, 499, Refused},
	{500, 599, Retry},
}

// Of is the verdict on status.
func (t StatusTable) Of(status int) Verdict {
	for _, row := range t {
		if row.From <= status && status <= row.To {
			return row.Verdict
		}
	}
	return Retry
}
