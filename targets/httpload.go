package targets

import (
	"encoding/base64"
	"slices"
	"strconv"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// load is what one request carries: one delivery, or a batch.
type load struct {
	one        Delivery
	structured bool
	many       []Delivery // instead of one
}

// isJSON says that the body is written anew, and not the event's data.
func (l *load) isJSON() bool { return l.structured || l.many != nil }

// eachHeader calls add with the headers that differ from request to request,
// their names in lower case.
func (l *load) eachHeader(add func(name, value string)) {
	if l.many != nil {
		add("content-type", cloudevent.MediaTypeBatch)
		add(headerAttempt, strconv.Itoa(highestAttempt(l.many)))
		return
	}
	if l.structured {
		add("content-type", cloudevent.MediaTypeStructured)
	} else {
		l.one.Event.EachHeader(add)
	}
	add(headerDeliveryID, l.one.ID)
	if l.one.Replay != "" {
		add(headerReplay, l.one.Replay)
	}
	if l.one.Version != "" {
		add(headerRules, l.one.Version)
	}
	add(headerAttempt, strconv.Itoa(l.one.Attempt))
}

func highestAttempt(ds []Delivery) (n int) {
	for i := range ds {
		n = max(n, ds[i].Attempt)
	}
	return n
}

// appendJSON appends the body of a load that is JSON. It makes room for large
// bodies at once: growing would take several times their size.
func (l *load) appendJSON(dst []byte) []byte {
	if l.many == nil {
		return l.one.Event.AppendStructured(slices.Grow(dst, roomFor(l.one.Event)))
	}
	n := 0
	for i := range l.many {
		n += roomFor(l.many[i].Event)
	}
	return appendBatch(slices.Grow(dst, n), l.many)
}

// roomFor is about how long the JSON of an event is.
func roomFor(e *cloudevent.Event) int {
	const attributes = 512
	n := len(e.Data)
	switch {
	case n <= smallBody || e.DataIsJSON():
	case e.DataIsText():
		n += n / 16 // line breaks and quotes are escaped
	default:
		n = base64.StdEncoding.EncodedLen(n)
	}
	return n + attributes
}

// The attributes that an event of a batch has in place of its own headers.
const (
	attributeDeliveryID = "wyedeliveryid"
	attributeReplay     = "wyereplay"
	attributeRules      = "wyerules"
)

// appendBatch appends the events in the JSON batch format, in order, each with
// the attributes of its delivery.
func appendBatch(dst []byte, ds []Delivery) []byte {
	var marked cloudevent.Event
	dst = append(dst, '[')
	for i := range ds {
		if i > 0 {
			dst = append(dst, ',')
		}
		own := marked.Extensions[:0]
		marked = *ds[i].Event
		marked.Extensions = appendMarked(own, &ds[i])
		dst = marked.AppendStructured(dst)
	}
	return append(dst, ']')
}

// appendMarked appends the event's extensions with the delivery's among them.
// An event that has been through a batch before brings older ones, which do not
// count.
func appendMarked(dst []cloudevent.Extension, d *Delivery) []cloudevent.Extension {
	for _, x := range d.Event.Extensions {
		if x.Name != attributeDeliveryID && x.Name != attributeReplay && x.Name != attributeRules {
			dst = append(dst, x)
		}
	}
	dst = append(dst, cloudevent.Extension{Name: attributeDeliveryID, Value: d.ID})
	if d.Replay != "" {
		dst = append(dst, cloudevent.Extension{Name: attributeReplay, Value: d.Replay})
	}
	if d.Version != "" {
		dst = append(dst, cloudevent.Extension{Name: attributeRules, Value: d.Version})
	}
	return dst
}
