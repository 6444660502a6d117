package cloudevent_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wye-events/wye/schemas/cloudevent"
)

// outsideCases were written from the specification by others.
const outsideCases = "../../../shared/conformance/cloudevents/http_cases.jsonl"

type outsideCase struct {
	ID, Title, Expect, Level string
	Request                  struct {
		Headers    [][2]string
		Body       string
		BodyB64    *[]byte `json:"body_b64"`
		RepeatBody int     `json:"repeat_body"`
	}
	Events []outsideEvent `json:"expect_events"`
}

type outsideEvent struct {
	Attributes map[string]any
	JSON       json.RawMessage `json:"data_json"`
	Bytes      *string         `json:"data_b64"`
}

func TestOutsideCases(t *testing.T) {
	file, err := os.Open(outsideCases)
	if err != nil {
		t.Skipf("the outside cases are not here: %v", err)
	}
	defer file.Close()
	count := map[string]int{}
	lines := bufio.NewScanner(file)
	for lines.Buffer(nil, 1<<24); lines.Scan(); {
		var c outsideCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		count[c.Level]++
		if diff := c.difference(); diff == "" {
			count[c.Level+" right"]++
		} else if c.Level == "MUST" {
			t.Errorf("%s %s: %s", c.ID, c.Title, diff)
		} else {
			t.Logf("%s %s (%s): %s", c.ID, c.Title, c.Level, diff)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	t.Log(count)
}

func (c *outsideCase) difference() string {
	evs, _, err := cloudevent.Parse(c.message())
	switch {
	case err != nil && c.Expect == "accept":
		return "refused: " + err.Error()
	case err != nil:
		return ""
	case c.Expect == "reject":
		return "accepted"
	case len(evs) != len(c.Events) && c.Expect == "accept":
		return fmt.Sprintf("%d events, want %d", len(evs), len(c.Events))
	}
	for i, want := range c.Events {
		if diff := want.difference(evs[i]); diff != "" {
			return diff
		}
	}
	return ""
}

func (c *outsideCase) message() (http.Header, []byte) {
	h := http.Header{}
	for _, line := range c.Request.Headers {
		h.Add(line[0], line[1])
	}
	body := []byte(c.Request.Body)
	if c.Request.BodyB64 != nil {
		body = *c.Request.BodyB64
	}
	whole := body
	for range c.Request.RepeatBody - 1 {
		whole = append(whole, body...)
	}
	return h, whole
}

func (want *outsideEvent) difference(e *cloudevent.Event) string {
	attributes := map[string]any{}
	for _, name := range []string{"specversion", "id", "source", "type", "subject", "time", "dataschema", "datacontenttype"} {
		if v, ok := e.Attribute(name); ok {
			attributes[name] = v
		}
	}
	for _, x := range e.Extensions {
		attributes[x.Name] = x.Value
		if n, ok := x.Value.(int32); ok {
			attributes[x.Name] = float64(n)
		}
	}
	data := ""
	switch {
	case want.Bytes != nil:
		data = cmp.Diff(*want.Bytes, base64.StdEncoding.EncodeToString(e.Data))
	case want.JSON != nil:
		data = cmp.Diff(decoded(want.JSON), decoded(e.Data))
	case e.Data != nil:
		data = "has data"
	}
	return cmp.Diff(want.Attributes, attributes) + data
}

func decoded(text []byte) (v any) {
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	return v
}
