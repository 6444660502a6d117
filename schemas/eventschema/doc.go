// Package eventschema reads JSON Schemas of events' data and answers what they
// say of one place in it: which kinds of values may stand there, which values,
// whether it must be there, and what else there is beside it.
//
// One file holds the schema of one event type and is named after it:
// com.example.order.placed.json. A schema is JSON Schema 2020-12 (or an earlier
// draft that it names itself) in one file: $ref leads to places of the same file
// only, and nothing is fetched.
//
// Answers are one-sided: what they exclude, the schema does; of what is too much
// to work out, or not worked out at all (not, dependencies between fields), they
// exclude nothing. [Schema.Valid] is the full check of a value.
//
// It is a leaf: it knows neither rules nor conditions.
package eventschema
