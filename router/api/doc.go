// Package api is Wye's HTTP side: the ingest that publishers use ([Ingest]) and
// the admin interface on a listener of its own ([Admin]). It turns requests
// into calls of the router and what the router says into answers; it decides
// nothing about events.
//
// Every refusal is a problem document (RFC 9457). Which status means what:
//
//	202  every event of the request is durable (or was accepted before)
//	400  not a valid CloudEvent; the document names the attributes at fault
//	413  larger than the limit; 415 an event format or charset that is not read
//	503  too much waits, or the store does not answer: come back (Retry-After)
//	507  the disk of the store is full: likewise; deliveries go on
package api
