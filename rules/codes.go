package rules

// The codes of the problems. They are stable: a code is never given another
// meaning, and one that is no longer used stays unused.
const (
	codeRead       = "WYE001"
	codeEmpty      = "WYE002"
	codeTooLarge   = "WYE003"
	codeEncoding   = "WYE004"
	codeSyntax     = "WYE005"
	codeTooDeep    = "WYE006"
	codeDocuments  = "WYE007"
	codeYAMLExtra  = "WYE008"
	codeVersion    = "WYE009"
	codeUnknownKey = "WYE010"
	codeDuplicate  = "WYE011"
	codeMissing    = "WYE012"
	codeKind       = "WYE013"
	codeValue      = "WYE014"
	codeName       = "WYE015"

	codeMore          = "WYE019"
	codeTwice         = "WYE020"
	codeUnknownTarget = "WYE021"
	codeRepeated      = "WYE022"
	codeOn            = "WYE023"
	codeTargetKind    = "WYE024"
	codeURL           = "WYE025"
	codeHeader        = "WYE026"
	codeReference     = "WYE027"
	codeCredential    = "WYE028"
	codeSubject       = "WYE029"
	codeMisfit        = "WYE030"
	codeStatus        = "WYE031"
	codeMode          = "WYE032"
	codeSample        = "WYE033"
	codeUntil         = "WYE034"
	codeOver          = "WYE035"

	codeCELSyntax    = "WYE040"
	codeCELName      = "WYE041"
	codeCELAttribute = "WYE042"
	codeCELTypes     = "WYE043"
	codeCELNotBool   = "WYE044"
	codeCELBounds    = "WYE045"
	codeCELPattern   = "WYE046"
	codeCELHeader    = "WYE047"
	codeCELConstant  = "WYE048"
	codeUnindexed    = "WYE049"
	codeKey          = "WYE050"

	codeExpectsNothing = "WYE100"
	codeSameName       = "WYE101"
	codeNoTests        = "WYE102"
	codeContradiction  = "WYE103"
	codeTestHeader     = "WYE104"
	codeTestValue      = "WYE105"
	codeEventFile      = "WYE106"
)

// Codes of what the room rules/cases finds in tests.
const (
	CodeTestRule   = "WYE107" // a test names a rule that does not exist
	CodeTestTarget = "WYE108" // a test names a target that does not exist
	CodeTestEither = "WYE109" // a test denies what is both a rule and a target
	CodeTestEvent  = "WYE110" // the event of a test cannot be used
	CodeTestSample = "WYE111" // a test names a sample that does not exist
	CodeEventFile  = codeEventFile
	CodeUnreadable = codeRead
)

// What is questionable about a rule set that loads.
const (
	codeNever      = "WYE060"
	codeAlways     = "WYE061"
	codeEqual      = "WYE062"
	codeShadowed   = "WYE063"
	codeUnreached  = "WYE064"
	codeField      = "WYE065"
	codeMismatch   = "WYE066"
	codeMixed      = "WYE067"
	codeUnused     = "WYE068"
	codeCycle      = "WYE069"
	codeAbsent     = "WYE070"
	codeCost       = "WYE071"
	codeUnanchored = "WYE072"
	codeDot        = "WYE073"
	codeSchema     = "WYE074"

	codeIgnoreForm    = "WYE080"
	codeIgnoreUnknown = "WYE081"
	codeIgnoreError   = "WYE082"
	codeIgnoreNothing = "WYE083"
)

// What is wrong with the place that rules come from, as package router/source
// finds it.
const (
	CodeSourceLink      = "WYE120"
	CodeSourceSubmodule = "WYE121"
	CodeSourceLFS       = "WYE122"
	CodeSourceSignature = "WYE123"
	CodeSourcePath      = "WYE124"
	CodeSourceTooMuch   = "WYE125"
)

// Code is one kind of problem.
type Code struct {
	ID       string   `json:"id"`
	Meaning  string   `json:"meaning"`
	Severity Severity `json:"severity"` // as it is as a rule
}

// milder are the codes whose problems are no errors as a rule.
var milder = map[string]Severity{
	codeCredential: Warning,
	codeOver:       Warning,
	codeUnindexed:  Note,

	codeNever:      Warning,
	codeAlways:     Warning,
	codeEqual:      Warning,
	codeShadowed:   Warning,
	codeUnreached:  Warning,
	codeMixed:      Warning,
	codeUnused:     Warning,
	codeCycle:      Warning,
	codeAbsent:     Note,
	codeCost:       Warning,
	codeUnanchored: Warning,
	codeDot:        Warning,

	codeIgnoreForm:    Warning,
	codeIgnoreUnknown: Warning,
	codeIgnoreError:   Warning,
	codeIgnoreNothing: Warning,
}

// Codes lists every code that a [Problem] can carry, in ascending order. What
// there is to tell about each is in the directory stories, see [Code.Story].
func Codes() []Code {
	var codes []Code
	for _, m := range meanings {
		severity, ok := milder[m.code]
		if !ok {
			severity = Error
		}
		codes = append(codes, Code{m.code, m.meaning, severity})
	}
	return codes
}

// meanings is the table of the codes, in ascending order.
var meanings = []struct{ code, meaning string }{
	{codeRead, "a rule file or directory cannot be read"},
	{codeEmpty, "a rule file is empty, or a directory has no rule files"},
	{codeTooLarge, "a rule file is larger than 1 MiB"},
	{codeEncoding, "a rule file is not plain UTF-8 text"},
	{codeSyntax, "a rule file is not valid YAML"},
	{codeTooDeep, "a rule file is nested more than 64 levels deep"},
	{codeDocuments, "a rule file holds more than one YAML document"},
	{codeYAMLExtra, "a rule file uses an anchor, an alias, a merge key or a tag"},
	{codeVersion, "the version of the rule language is missing or unknown"},
	{codeUnknownKey, "a key has no meaning where it stands"},
	{codeDuplicate, "a key stands twice in the same place"},
	{codeMissing, "a required key is missing"},
	{codeKind, "a value is of the wrong kind (text, number, list, mapping)"},
	{codeValue, "a value is not one of those allowed"},
	{codeName, "the name of a rule, target or queue is not allowed"},
	{codeMore, "there are more problems than are shown"},
	{codeTwice, "a rule or target is defined in two files"},
	{codeUnknownTarget, "a rule sends to a target that does not exist"},
	{codeRepeated, "an entry of a list is repeated"},
	{codeOn, "an event type under `on` is malformed"},
	{codeTargetKind, "a target has no kind, or more than one"},
	{codeURL, "the URL of an http target cannot be used"},
	{codeHeader, "a header of an http target cannot be used"},
	{codeReference, "a ${…} reference is malformed"},
	{codeCredential, "a credential is written into the file"},
	{codeSubject, "the subject of a stream target cannot be used"},
	{codeMisfit, "what is set for a target does not go with its kind or format"},
	{codeStatus, "a key under `on_status` is not a status, or cannot have that meaning"},
	{codeMode, "the mode of a rule is neither live nor shadow"},
	{codeSample, "the sample of a rule is not a share of its events, above 0 and up to 1"},
	{codeUntil, "the `until` of a rule is not a time with a zone, or a date"},
	{codeOver, "a rule is over: the time of its `until` has passed, so it matches nothing"},
	{codeCELSyntax, "a condition is not a valid expression"},
	{codeCELName, "a condition uses a name or function that does not exist"},
	{codeCELAttribute, "a condition uses an event attribute that does not exist"},
	{codeCELTypes, "a condition combines values that do not go together"},
	{codeCELNotBool, "a condition is not a yes-or-no question"},
	{codeCELBounds, "a condition is too long, too deep or too costly"},
	{codeCELPattern, "a regular expression in a condition cannot be used"},
	{codeCELHeader, "a header is asked for by a name that no header has"},
	{codeCELConstant, "a constant in a condition cannot be converted"},
	{codeUnindexed, "a condition has nothing that can be looked up, so it is evaluated for every event of its type"},
	{codeKey, "the key of an order is not a text, a number, or true or false"},
	{codeNever, "a condition, or a part of it, is never true"},
	{codeAlways, "a condition, or a part of it, is always true"},
	{codeEqual, "a rule does the same as another"},
	{codeShadowed, "a rule sends nothing that another rule does not send there already"},
	{codeUnreached, "no event type that is known is one that the rule takes"},
	{codeField, "a condition asks for a field that the schema of the event does not have"},
	{codeMismatch, "a field is compared with what it never is, by the schema of the event"},
	{codeMixed, "a field is compared with a text and with a number"},
	{codeUnused, "no rule sends to a target"},
	{codeCycle, "a target sends back to Wye what it gets"},
	{codeAbsent, "a negation does not match events without the field"},
	{codeCost, "a condition takes more steps than it may on an event of usual size"},
	{codeUnanchored, "a regular expression looks as if it were for the whole text, and is not"},
	{codeDot, "a dot in a regular expression stands for any character"},
	{codeSchema, "a schema of events cannot be used"},
	{codeIgnoreForm, "a wye:ignore does not say what to ignore, or why"},
	{codeIgnoreUnknown, "a wye:ignore names a code that does not exist"},
	{codeIgnoreError, "a wye:ignore is for an error, which cannot be ignored"},
	{codeIgnoreNothing, "a wye:ignore ignores nothing"},
	{codeExpectsNothing, "a test says nothing of what it expects"},
	{codeSameName, "two tests, or two rows of one, have the same name"},
	{codeNoTests, "a test file, or a list of tests, is empty"},
	{codeContradiction, "a test expects a rule to match, and not to match"},
	{codeTestHeader, "a test sets a header that no rule can read"},
	{codeTestValue, "a value in the event of a test cannot be written in JSON"},
	{codeEventFile, "the file with the event of a test cannot be read"},
	{CodeTestRule, "a test names a rule that does not exist"},
	{CodeTestTarget, "a test names a target that does not exist"},
	{CodeTestEither, "a test denies a name that is both that of a rule and of a target"},
	{CodeTestEvent, "the event of a test is not valid"},
	{CodeTestSample, "a test names a sample that does not exist, or that leads back to itself"},
	{CodeSourceLink, "a rule file in Git, or a directory on the way to it, is a symbolic link"},
	{CodeSourceSubmodule, "a place in Git where rules were expected is a submodule"},
	{CodeSourceLFS, "a rule file in Git is only a pointer into Git LFS"},
	{CodeSourceSignature, "a commit has no signature, or none that is trusted, where one is required"},
	{CodeSourcePath, "a path in Git does not exist, or has no rule files"},
	{CodeSourceTooMuch, "what is to be read from Git is larger, or more, than is read"},
}
