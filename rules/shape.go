package rules

import (
	"reflect"
	"strings"
)

// The shapes are the rule file as Go types. Both the loader (which keys there
// are) and the JSON Schema (keys, descriptions, examples, bounds) are made
// from them, so neither can know a key that the other does not.
//
// Tags: key is the key and, after commas, whether it is required; doc what it
// means; default, example, pattern, enum, min and max what they say.

type fileShape struct {
	Version int                    `key:"version,required" doc:"Version of the rule language. Always 1." enum:"1"`
	Targets map[string]targetShape `key:"targets" doc:"Where events can go: a name for each receiver, and what it is."`
	Rules   map[string]ruleShape   `key:"rules" doc:"Which events go where: a name for each rule. Every rule is looked at for every event; their order means nothing."`
}

type targetShape struct {
	HTTP        httpShape   `key:"http" doc:"A receiver of CloudEvents over HTTP: a web service or a function."`
	Queue       queueShape  `key:"queue" doc:"A work queue on the bus. Several consumers may share it; each event goes to one of them."`
	Stream      streamShape `key:"stream" doc:"A stream on the bus that keeps what it gets."`
	Retry       retryShape  `key:"retry" doc:"When a failed delivery is tried again, and when it becomes a dead letter."`
	Concurrency int         `key:"concurrency" doc:"How many deliveries to this target may be under way at once." default:"32" min:"1" max:"1024" example:"8"`
}

type httpShape struct {
	URL     string            `key:"url,required" doc:"Where events are posted. Credentials belong into headers." example:"https://orders.example.com/events" pattern:"url"`
	Headers map[string]string `key:"headers" doc:"Headers of every request. A secret is a reference: ${env:NAME} or ${file:/path}." example:"{\"authorization\": \"Bearer ${env:ORDERS_TOKEN}\"}"`
	Timeout string            `key:"timeout" doc:"How long one attempt may take, the answer's body included." default:"15s" example:"5s" pattern:"duration"`
	Format  string            `key:"format" doc:"How an event becomes a request: binary (attributes as headers, data as body) or structured (one JSON document)." default:"binary" enum:"binary structured"`
}

type queueShape struct {
	Name string `key:"name,required" doc:"Name of the queue." example:"packing" pattern:"name"`
}

type streamShape struct {
	Subject string `key:"subject,required" doc:"Subject that events are published to." example:"audit.orders" pattern:"subject"`
}

type retryShape struct {
	Attempts int    `key:"attempts" doc:"How often a delivery is tried in all." default:"20" min:"1" max:"1000" example:"5"`
	First    string `key:"first" doc:"Longest wait before the second attempt. It doubles with every further attempt; the wait itself is drawn at random between nothing and that." default:"1s" example:"500ms" pattern:"duration"`
	Max      string `key:"max" doc:"Longest wait between two attempts." default:"5m" example:"1m" pattern:"duration"`
	GiveUp   string `key:"give_up" doc:"Age at which a delivery becomes a dead letter, however many attempts are left." default:"24h" example:"2h" pattern:"duration"`
}

type ruleShape struct {
	Description string     `key:"description" doc:"What the rule is for, for people." example:"Orders that a person packs."`
	On          textOrList `key:"on,required" doc:"Event types that the rule looks at, one or a list. A * stands for any text within one dot-separated part, a last part ** for the rest." example:"com.example.order.*" pattern:"on"`
	When        condText   `key:"when" doc:"Condition in CEL. The rule takes the events for which it is true; without it, every event of the type. A field that an event does not have makes it no match." example:"event.data.total > 100 && event.data.currency == \"EUR\""`
	To          textOrList `key:"to,required" doc:"Names of the targets that get the event, one or a list." example:"[packing, audit]" pattern:"nonempty"`
	Enabled     bool       `key:"enabled" doc:"A rule that is not enabled is checked, and matches nothing." default:"true"`
	OnError     string     `key:"on_error" doc:"What becomes of an event on which the condition fails with an error, such as comparing a text with a number: skip (no match), match, or dead_letter." default:"skip" enum:"skip match dead_letter"`
}

// textOrList is a text, or a list of different texts.
type textOrList struct{}

// condText is a condition: a text, or the words true and false, which YAML
// reads as something else.
type condText struct{}

// keysOf are the keys of a shape.
func keysOf(shape any) []string {
	t := reflect.TypeOf(shape)
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i], _, _ = strings.Cut(t.Field(i).Tag.Get("key"), ",")
	}
	return keys
}
