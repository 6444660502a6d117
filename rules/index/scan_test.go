package index

import (
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// BenchmarkScan reads 700 bytes of JSON for eleven fields, in turns with
// finding out that they are valid, which is the least that a reader does.
func BenchmarkScan(b *testing.B) {
	s := newSlots()
	for _, path := range [][]string{
		{"amount"}, {"country"}, {"tenant"}, {"customer", "id"}, {"customer", "tier"}, {"customer", "email"},
		{"payment", "risk"}, {"payment", "method"}, {"coupon"}, {"shipping", "cost"},
	} {
		s.of(&Field{Root: Data, Path: path})
	}
	s.some(s.of(&Field{Root: Data, Path: []string{"items"}}), []string{"sku"})
	ev := &cloudevent.Event{DataContentType: "application/json", Data: []byte(benchJSON)}
	var r reading
	bad := watch(s)
	var floor, scan time.Duration
	for b.Loop() {
		begin := time.Now()
		for range 100 {
			if !gjson.ValidBytes(ev.Data) {
				b.Fatal("not JSON")
			}
		}
		middle := time.Now()
		for range 100 {
			r.begin(ev, s, bad)
			r.readData()
		}
		floor += middle.Sub(begin)
		scan += time.Since(middle)
	}
	b.ReportMetric(float64(floor.Nanoseconds())/float64(b.N)/100, "F-ns")
	b.ReportMetric(float64(scan.Nanoseconds())/float64(b.N)/100, "scan-ns")
	b.ReportMetric(float64(scan)/float64(floor), "x/F")
}

const benchJSON = `{"orderId":"ord-0001234567","tenant":"t00042","amount":249.95,"currency":"EUR","country":"DE","customer":{"id":"c-98765","tier":"gold","email":"ada.lovelace@example.com","since":"2019-04-01"},` +
	`"items":[{"sku":"A-100","qty":1,"price":89.95},{"sku":"B-200","qty":2,"price":40.0},{"sku":"C-300","qty":1,"price":80}],` +
	`"payment":{"method":"card","captured":true,"risk":0.0231},"shipping":{"method":"express","cost":12.5,"weight":3.2,"address":{"street":"12 St James's Square","city":"London","zip":"SW1Y 4JH","country":"GB"}},` +
	`"tags":["gift","priority"],"coupon":null,"placedAt":"2026-01-31T12:34:56.789Z","channel":"web","note":"please ring twice and leave it with the neighbour on the left"}`

// watch marks the slots with several values, and expects nothing of any.
func watch(s *slots) []Kinds {
	bad := make([]Kinds, len(s.all))
	for i := range bad {
		if s.all[i].many {
			bad[i] = severalValues
		}
	}
	return bad
}
