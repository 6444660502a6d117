// Package rulestest makes rule sets and events to measure and to test matching
// with: large, realistic, and the same on every machine.
//
// Every set comes from a seed, so the same call gives the same rules and events
// byte for byte, today and with another version of Go. [Mixed] is what figures
// are quoted for:
//
//	share  rules that                                     the index finds them by
//	A 25 % name a type and a prefix of the source         type, prefix
//	B 15 % name a type, a threshold and three countries   type, `in`, range
//	C 20 % name a tenant and a tier                       two equalities in the data
//	D 10 % name a customer                                one equality in the data
//	E 10 % as A, and a risk that is there and high        has(), range
//	F  8 % name two types, a source, and not a country    `||`, negation
//	G  5 % name a tenant and a pattern of the address     regular expression
//	H  3 % look for an article among those ordered        exists() over an array
//	J  2 % name a band of amounts                         range from both sides
//	K  2 % as A, and a field that is absent               !has()
//
// Its tenants, types, articles and thresholds grow with the number of rules so
// that an event matches about five of them, be there a thousand or a million:
// who has more rules has more tenants, not more to do for each event.
//
// The other sets are the ones that an index finds hard: [HotLists] (nothing to
// tell rules apart but a threshold), [MixedAndUnindexable] (conditions that no
// index can select by) and [AttributesOnly] (where reading the data would be
// wasted).
//
// A [Set] gives its rules as files ([Set.Files], or [Sources] as rules.Source)
// and as values, its events as events and as lines of JSON. The package does not
// import rules, so that the tests inside it can use the sets too.
package rulestest
