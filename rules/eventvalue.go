package rules

import (
	"fmt"
	"reflect"
	"sort"
	"unsafe"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/wye-events/wye/schemas/cloudevent"
)

// missingError says that something is not there: an attribute, a field, an
// element, a header. It is no fault of anybody: the condition is not met.
type missingError struct{ what string }

func (e *missingError) Error() string { return e.what + " is absent" }

// eventValue is `event` in a condition, and the names that a condition can
// use. One serves all rules for one event and is used again for the next.
type eventValue struct {
	ev      *cloudevent.Event
	headers headerMap

	decoded bool
	doc     jsonDoc
	data    ref.Val // nil where absent
	dataErr error
}

func (e *eventValue) reset(ev *cloudevent.Event) {
	e.ev, e.headers.all = ev, nil
	if ev != nil {
		e.headers.all = ev.Headers
	}
	e.decoded, e.data, e.dataErr = false, nil, nil
	e.doc.reset()
}

// ResolveName makes it the names that a condition sees (cel.Activation).
func (e *eventValue) ResolveName(name string) (any, bool) {
	switch name {
	case "event":
		return e, true
	case "headers":
		return &e.headers, true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (e *eventValue) Parent() activation { return nil }

// attribute is the value of an attribute; nil and no error where it is absent.
func (e *eventValue) attribute(name string) (ref.Val, error) {
	switch name {
	case "id":
		return types.String(e.ev.ID), nil
	case "source":
		return types.String(e.ev.Source), nil
	case "type":
		return types.String(e.ev.Type), nil
	case "specversion":
		return types.String("1.0"), nil
	case "subject":
		return optional(e.ev.Subject), nil
	case "datacontenttype":
		return optional(e.ev.DataContentType), nil
	case "dataschema":
		return optional(e.ev.DataSchema), nil
	case "time":
		if t, ok := e.ev.Timestamp(); ok {
			return types.Timestamp{Time: t}, nil
		}
		return nil, nil
	case "data":
		return e.dataValue()
	}
	return e.extension(name), nil
}

func optional(s string) ref.Val {
	if s == "" {
		return nil
	}
	return types.String(s)
}

func (e *eventValue) extension(name string) ref.Val {
	for i := range e.ev.Extensions {
		if e.ev.Extensions[i].Name == name {
			switch v := e.ev.Extensions[i].Value.(type) {
			case string:
				return types.String(v)
			case bool:
				return types.Bool(v)
			case int32:
				return types.Int(v)
			}
		}
	}
	return nil
}

// dataValue decodes the data when a condition asks for it first.
func (e *eventValue) dataValue() (ref.Val, error) {
	if !e.decoded {
		e.decoded = true
		e.data, e.dataErr = e.decode()
	}
	return e.data, e.dataErr
}

func (e *eventValue) decode() (ref.Val, error) {
	switch {
	case e.ev.Data == nil:
		return nil, nil
	case e.ev.DataIsJSON():
		if !e.doc.parse(textOf(e.ev.Data)) {
			return nil, fmt.Errorf("the event's data is not the JSON that its datacontenttype says")
		}
		return e.doc.nodes[0].value(), nil
	case e.ev.DataIsText():
		return types.String(textOf(e.ev.Data)), nil
	}
	return types.Bytes(e.ev.Data), nil
}

// textOf is the text of the data without a copy of it. That is sound because
// an event is never changed after it was made, and because nothing that was
// made from it outlives the match.
func textOf(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }

// Get implements traits.Indexer, for dyn(event).name.
func (e *eventValue) Get(index ref.Val) ref.Val {
	name, ok := index.(types.String)
	if !ok {
		return types.NewErr("an event has attributes by name, not by %s", describe(index))
	}
	v, err := e.attribute(string(name))
	switch {
	case err != nil:
		return types.WrapErr(err)
	case v == nil:
		return types.WrapErr(&missingError{what: "event." + string(name)})
	}
	return v
}

// IsSet implements traits.FieldTester.
func (e *eventValue) IsSet(field ref.Val) ref.Val {
	name, ok := field.(types.String)
	if !ok {
		return types.False
	}
	v, err := e.attribute(string(name))
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Bool(v != nil)
}

// ConvertToNative implements ref.Val.
func (e *eventValue) ConvertToNative(reflect.Type) (any, error) { return nil, errNotNative }

// ConvertToType implements ref.Val.
func (e *eventValue) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return eventType
	}
	return types.NewErr("an event cannot be converted")
}

// Equal implements ref.Val.
func (e *eventValue) Equal(other ref.Val) ref.Val { return types.Bool(ref.Val(e) == other) }

// Type implements ref.Val.
func (e *eventValue) Type() ref.Type { return eventType }

// Value implements ref.Val.
func (e *eventValue) Value() any { return e }

// headerMap is `headers` in a condition.
type headerMap struct{ all []cloudevent.Header }

var _ traits.Mapper = (*headerMap)(nil)

// Find implements traits.Mapper.
func (h *headerMap) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return nil, false
	}
	i := sort.Search(len(h.all), func(i int) bool { return h.all[i].Name >= string(name) })
	if i == len(h.all) || h.all[i].Name != string(name) {
		return nil, false
	}
	return types.String(h.all[i].Value), true
}

// Get implements traits.Indexer.
func (h *headerMap) Get(key ref.Val) ref.Val {
	if v, ok := h.Find(key); ok {
		return v
	}
	return types.WrapErr(&missingError{what: "headers[" + describe(key) + "]"})
}

// Contains implements traits.Container.
func (h *headerMap) Contains(key ref.Val) ref.Val {
	_, ok := h.Find(key)
	return types.Bool(ok)
}

// Size implements traits.Sizer.
func (h *headerMap) Size() ref.Val { return types.Int(len(h.all)) }

// Iterator implements traits.Iterable.
func (h *headerMap) Iterator() traits.Iterator {
	names := make([]ref.Val, len(h.all))
	for i := range h.all {
		names[i] = types.String(h.all[i].Name)
	}
	return &valueIterator{values: names}
}

// Equal implements ref.Val.
func (h *headerMap) Equal(other ref.Val) ref.Val {
	m, ok := other.(traits.Mapper)
	if !ok || m.Size() != h.Size() {
		return types.False
	}
	for _, header := range h.all {
		v, ok := m.Find(types.String(header.Name))
		if !ok || types.Equal(v, types.String(header.Value)) != types.True {
			return types.False
		}
	}
	return types.True
}

// ConvertToNative implements ref.Val.
func (h *headerMap) ConvertToNative(reflect.Type) (any, error) { return nil, errNotNative }

// ConvertToType implements ref.Val.
func (h *headerMap) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.MapType:
		return h
	case types.TypeType:
		return types.MapType
	}
	return types.NewErr("headers cannot be converted")
}

// Type implements ref.Val.
func (h *headerMap) Type() ref.Type { return types.MapType }

// Value implements ref.Val.
func (h *headerMap) Value() any { return h.all }
