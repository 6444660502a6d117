package routertest

import "os"

// Long tells whether the long tests were asked for (make test-long).
func Long() bool { return os.Getenv("WYE_LONG") != "" }
