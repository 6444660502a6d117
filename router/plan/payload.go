package plan

import (
	"github.com/wye-events/wye/rules"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// form is how a target gets an event: what kind of message, and how the event is
// written in it.
type form struct {
	kind   string // http, queue or stream
	format string // of http: binary or structured
	batch  bool   // several events in one message
}

func formOf(t rules.Target) form {
	f := form{kind: kindOf(t), batch: t.Batch != nil}
	if t.HTTP != nil {
		f.format = t.HTTP.Format
	}
	return f
}

// mayDiffer tells whether there can be an event of which the two targets get
// something else. Where there is none, nobody need look at each.
func mayDiffer(old, new rules.Target) bool { return formOf(old) != formOf(new) }

// payloadDiffers tells whether two targets, the same one before and after, get
// something else of an event: other attributes, other data, or the same in another
// form. A rule does not change an event on its way, so only the form can differ.
func payloadDiffers(old, new rules.Target, _ *cloudevent.Event) bool {
	return formOf(old) != formOf(new)
}
