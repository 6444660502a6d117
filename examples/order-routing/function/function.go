// Package function packs orders. It is written as any function for the Go
// functions framework is: nothing in it knows of Wye, which reaches it with
// plain CloudEvents over HTTP.
package function

import (
	"context"
	"encoding/json"
	"net/http"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

// The framework's way to tell which functions there are: it and the tools that
// deploy functions look for them in the registry before anything runs.
func init() {
	functions.CloudEvent("PackOrder", PackOrder)
}

// Order is the data of com.example.order.placed, as far as packing needs it.
type Order struct {
	Order string `json:"order"`
	Items []Item `json:"items"`
}

// Item is one line of an order.
type Item struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
	Fragile  bool   `json:"fragile"`
}

// Parcel is what PackOrder prints, one line of JSON for an order.
type Parcel struct {
	Order   string `json:"order"`
	Pieces  int    `json:"pieces"`
	Fragile bool   `json:"fragile"`
	Event   string `json:"event"`
	Source  string `json:"source"`
}

// PackOrder packs one order. Its error is the answer to the sender: 400 says
// that the order can never be packed, so Wye makes a dead letter of it at once;
// 503 says not now, so Wye tries again later.
func PackOrder(_ context.Context, e event.Event) error {
	if os.Getenv("PACKING_CLOSED") != "" {
		return cehttp.NewResult(http.StatusServiceUnavailable, "the packing hall is closed")
	}
	var order Order
	if err := e.DataAs(&order); err != nil {
		return cehttp.NewResult(http.StatusBadRequest, "the data is not an order: %s", err)
	}
	if len(order.Items) == 0 {
		return cehttp.NewResult(http.StatusBadRequest, "order %s has no items; there is nothing to pack", order.Order)
	}
	parcel := Parcel{Order: order.Order, Event: e.ID(), Source: e.Source()}
	for _, i := range order.Items {
		parcel.Pieces += i.Quantity
		parcel.Fragile = parcel.Fragile || i.Fragile
	}
	return json.NewEncoder(os.Stdout).Encode(parcel)
}
