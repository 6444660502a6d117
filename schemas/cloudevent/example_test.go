package cloudevent_test

import (
	"fmt"
	"net/http"

	"github.com/wye-events/wye/schemas/cloudevent"
)

func Example() {
	header := http.Header{
		"Ce-Specversion": {"1.0"},
		"Ce-Id":          {"4711"},
		"Ce-Source":      {"/shop"},
		"Ce-Type":        {"com.example.order.placed"},
		"Ce-Subject":     {"caf%C3%A9"},
		"Content-Type":   {"application/json"},
	}
	evs, _, err := cloudevent.Parse(header, []byte(`{"total": 129.95}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(evs[0].Subject)
	fmt.Println(string(evs[0].AppendStructured(nil)))
	// Output:
	// café
	// {"specversion":"1.0","id":"4711","source":"/shop","type":"com.example.order.placed","datacontenttype":"application/json","subject":"café","data":{"total": 129.95}}
}

func ExampleDetails() {
	header := http.Header{"Content-Type": {cloudevent.MediaTypeBatch}}
	_, _, err := cloudevent.Parse(header, []byte(`[
		{"specversion": "1.0", "id": "1", "source": "/shop", "type": "com.example.order.placed"},
		{"specversion": "1.0", "id": "2", "source": "my shop", "type": "com.example.order.placed"},
		{"specversion": "1.0", "id": "3", "source": "/shop", "type": "com.example.order.placed", "time": "yesterday"}
	]`))
	for _, fault := range cloudevent.Details(err) {
		fmt.Println(fault.Index, fault.Attribute)
	}
	// Output:
	// 1 source
	// 2 time
}
