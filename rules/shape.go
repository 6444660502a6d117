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
// means; short the inner key whose value may stand for the whole mapping; lang
// the language of a text, where it is one (cel); default, example, pattern, enum,
// min and max what they say. The order of the fields is that in which `wye fmt`
// writes the keys.

type fileShape struct {
	Version int                    `key:"version,required" doc:"Version of the rule language. Always 1." enum:"1"`
	Targets map[string]targetShape `key:"targets" doc:"Where events can go: a name for each receiver, and what it is."`
	Rules   map[string]ruleShape   `key:"rules" doc:"Which events go where: a name for each rule. Every rule is looked at for every event; their order means nothing."`

	Samples map[string]testEvent `key:"samples" doc:"Events with a name, for the tests. A test file may use those of the rule files beside it."`
	Tests   []caseShape          `key:"tests" doc:"What the rules must do with an event: cases for wye test."`
}

type targetShape struct {
	HTTP        httpShape   `key:"http" doc:"A receiver of CloudEvents over HTTP: a web service or a function."`
	Queue       queueShape  `key:"queue" doc:"A work queue on the bus. Several consumers may share it; each event goes to one of them."`
	Stream      streamShape `key:"stream" doc:"A stream on the bus that keeps what it gets."`
	Retry       retryShape  `key:"retry" doc:"When a failed delivery is tried again, and when it becomes a dead letter."`
	Concurrency int         `key:"concurrency" doc:"How many deliveries to this target may be under way at once." default:"32" min:"1" max:"1024" example:"8"`

	Rate      rateShape    `key:"rate" short:"per_second" doc:"How fast the target may get events; without it, as fast as it answers." example:"{\"per_second\": 100, \"burst\": 200}"`
	Breaker   breakerShape `key:"breaker" doc:"When a target that fails is left alone, and for how long. Its events wait meanwhile."`
	Order     orderShape   `key:"order" short:"by" doc:"The target gets events of one key one after the other, in the order in which they were accepted. Without it, in no order." example:"event.subject"`
	Batch     batchShape   `key:"batch" doc:"The target gets several events in one request, as a CloudEvents JSON batch. Only for http, and not with the format binary."`
	OnExpired string       `key:"on_expired" doc:"What becomes of a delivery that expires, at the target's give_up or the event's expirytime: a dead letter, or nothing." default:"dead_letter" enum:"dead_letter drop"`
}

type httpShape struct {
	URL     string            `key:"url,required" doc:"Where events are posted. Credentials belong into headers." example:"https://orders.example.com/events" pattern:"url"`
	Headers map[string]string `key:"headers" doc:"Headers of every request. A secret is a reference: ${env:NAME} or ${file:/path}." example:"{\"authorization\": \"Bearer ${env:ORDERS_TOKEN}\"}"`
	Timeout string            `key:"timeout" doc:"How long one attempt may take, the answer's body included." default:"15s" example:"5s" pattern:"duration"`
	Format  string            `key:"format" doc:"How an event becomes a request: binary (attributes as headers, data as body) or structured (one JSON document)." default:"binary" enum:"binary structured"`

	OnStatus      statusMap `key:"on_status" doc:"What answers mean, where that is not what they mean to all targets: a status such as 404 or a class such as 5xx, and its meaning." example:"{\"404\": \"retry\", \"5xx\": \"dead_letter\"}"`
	RetryAfterMax string    `key:"retry_after_max" doc:"The longest wait that an answer may ask for with Retry-After." default:"1h" example:"10m" pattern:"duration"`
}

type queueShape struct {
	Name string `key:"name,required" doc:"Name of the queue." example:"packing" pattern:"name"`
}

type streamShape struct {
	Subject string `key:"subject,required" doc:"Subject that events are published to." example:"audit.orders" pattern:"subject"`
}

type retryShape struct {
	Attempts int     `key:"attempts" doc:"How often a delivery is tried in all. By default give_up ends it before." default:"1000" min:"1" max:"1000" example:"5"`
	First    string  `key:"first" doc:"Longest wait before the second attempt. With every further attempt it is multiplied by factor; the wait itself is drawn at random between nothing and that." default:"1s" example:"500ms" pattern:"duration"`
	Max      string  `key:"max" doc:"Longest wait between two attempts." default:"5m" example:"1m" pattern:"duration"`
	Factor   float64 `key:"factor" doc:"By how much the longest wait grows with every attempt." default:"2" min:"1" max:"10" example:"1.5"`
	GiveUp   string  `key:"give_up" doc:"Age at which a delivery expires, however many attempts are left." default:"24h" example:"2h" pattern:"duration"`
}

type rateShape struct {
	PerSecond float64 `key:"per_second,required" doc:"Events a second. It may be less than one." min:"0.00001" max:"1000000" example:"100"`
	Burst     int     `key:"burst" doc:"How many events may come at once after a pause. Without it, those of one second, and at least one." min:"1" max:"1000000" example:"200"`
}

type breakerShape struct {
	Failures int     `key:"failures" doc:"How many attempts in a row must fail for the target to be left alone." default:"5" min:"1" max:"1000" example:"20"`
	Ratio    float64 `key:"ratio" doc:"Which part of the attempts must fail for the target to be left alone, of those within over and of 100 at least. 0: the ratio does not matter." default:"0.5" min:"0" max:"1" example:"0.8"`
	Over     string  `key:"over" doc:"Time over which the ratio is taken." default:"30s" example:"1m" pattern:"duration"`
	First    string  `key:"first" doc:"Longest time for which the target is left alone at first. It doubles with every probe that fails. Without it, as first of retry." example:"5s" pattern:"duration"`
	Max      string  `key:"max" doc:"Longest time between two probes. Without it, as max of retry, 30s at most." example:"5m" pattern:"duration"`
}

type orderShape struct {
	By       string `key:"by,required" doc:"Key of an event, in CEL: a text, a number, or true or false. Events without it go in no order." example:"event.subject" pattern:"words" lang:"cel"`
	OnPoison string `key:"on_poison" doc:"What becomes of an event that the target does not take: park (a dead letter, and its key goes on), block (it is tried again, and its key waits), or skip (it is dropped, and its key goes on)." default:"park" enum:"park block skip"`
}

type batchShape struct {
	MaxEvents int      `key:"max_events" doc:"How many events a request has at most." default:"100" min:"2" max:"1000" example:"50"`
	MaxBytes  byteSize `key:"max_bytes" doc:"How large the body of a request is at most, in bytes or as KiB or MiB. A single event may be larger." default:"1MiB" min:"1024" max:"67108864" example:"256KiB"`
	MaxWait   string   `key:"max_wait" doc:"How long an event waits for others, from 1ms to 1m." default:"100ms" example:"1s" pattern:"duration"`
}

type ruleShape struct {
	Description string     `key:"description" doc:"What the rule is for, for people." example:"Orders that a person packs."`
	On          textOrList `key:"on,required" doc:"Event types that the rule looks at, one or a list. A * stands for any text within one dot-separated part, a last part ** for the rest." example:"com.example.order.*" pattern:"on"`
	When        condText   `key:"when" doc:"Condition in CEL. The rule takes the events for which it is true; without it, every event of the type. A field that an event does not have makes it no match." example:"event.data.total > 100 && event.data.currency == \"EUR\""`
	To          textOrList `key:"to,required" doc:"Names of the targets that get the event, one or a list." example:"[packing, audit]" pattern:"nonempty"`
	Enabled     bool       `key:"enabled" doc:"A rule that is not enabled is checked, and matches nothing." default:"true"`
	OnError     string     `key:"on_error" doc:"What becomes of an event on which the condition fails with an error, such as comparing a text with a number: skip (no match), match, or dead_letter." default:"skip" enum:"skip match dead_letter"`

	Mode   string  `key:"mode" doc:"live, or shadow: the rule is evaluated and its matches are counted, and nothing is delivered." default:"live" enum:"live shadow"`
	Sample float64 `key:"sample" doc:"Share of its events that the rule takes, such as 0.05 for 5 %. An event's source and id decide; it is always the same events, and those of a smaller share are among those of a larger one." default:"1" min:"0.000001" max:"1" example:"0.05"`
	Until  string  `key:"until" doc:"Time from which the rule matches nothing: with a zone, or a date, which means 00:00 UTC. What was accepted before is not concerned." example:"2027-01-31T12:00:00Z" pattern:"until"`
}

// textOrList is a text, or a list of different texts.
type textOrList struct{}

// condText is a condition: a text, or the words true and false, which YAML
// reads as something else.
type condText struct{}

// byteSize is a number of bytes, or a text such as 256KiB.
type byteSize struct{}

// statusMap is a mapping from statuses and classes of them to meanings.
type statusMap map[string]string

// keysOf are the keys of a shape.
func keysOf(shape any) []string {
	t := reflect.TypeOf(shape)
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i], _, _ = strings.Cut(t.Field(i).Tag.Get("key"), ",")
	}
	return keys
}
