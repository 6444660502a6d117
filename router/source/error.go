package source

// Reason says in a word why a source gives no rules.
type Reason string

const (
	Unreachable  Reason = "Unreachable"  // it does not answer, or not in time
	Unauthorized Reason = "Unauthorized" // it wants other credentials
	NotFound     Reason = "NotFound"     // there is no such repository, branch or path
	TooLarge     Reason = "TooLarge"     // it is more than is fetched
	BadSignature Reason = "BadSignature" // the commit is not signed as it must be
)

// Error says why a source gives no rules.
type Error struct {
	Reason Reason
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }
