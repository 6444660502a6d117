// Package schemas holds the shapes of what people write and send: the JSON
// Schema of the rule file here, and the event itself in
// [github.com/wye-events/wye/schemas/cloudevent]. It is a leaf: it knows no
// other room.
package schemas
