package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/wye-events/wye/rules"
)

// explainCode tells the story of a code. Lower case and a bare number will do.
func explainCode(out io.Writer, asked string) error {
	id := strings.ToUpper(strings.TrimSpace(asked))
	if !strings.HasPrefix(id, "WYE") {
		id = "WYE" + strings.Repeat("0", max(0, 3-len(id))) + id
	}
	for _, c := range rules.Codes() {
		if c.ID != id {
			continue
		}
		if _, err := io.WriteString(out, c.Page()); err != nil {
			return failed(err)
		}
		return nil
	}
	return fmt.Errorf("--explain %s: there is no such code; docs/codes.md lists them", plain(asked, 40))
}
