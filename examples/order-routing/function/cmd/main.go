// Command cmd runs the function on this machine, on the port in PORT (8090).
package main

import (
	"log"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	_ "github.com/wye-events/wye/examples/order-routing/function" // registers it
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8090"
	}
	if err := funcframework.StartHostPort("127.0.0.1", port); err != nil {
		log.Fatal(err)
	}
}
