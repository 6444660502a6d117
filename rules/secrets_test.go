package rules

import "testing"

func TestWithoutSecrets(t *testing.T) {
	for line, want := range map[string]string{
		"version: 1": "version: 1",
		`      headers: {authorization: "Bearer ${env:TOKEN}", x-env: test}`: `      headers: {authorization: "Bearer ${env:TOKEN}", x-env: test}`,
		`      headers: {authorization: "Bearer hunter2", x-env: test}`:      `      headers: {authorization: "Bearer (not shown)`,
		"        x-api-key: hunter2  # of ours":                              "        x-api-key: (not shown)",
		"        x-api-key: ${file:/run/key}":                                "        x-api-key: ${file:/run/key}",
		"      url: https://me:hunter2@example.com/a":                        "      url: https://(not shown)@example.com/a",
		"    when: event.data.token == headers.password":                     "    when: event.data.token == headers.password",
	} {
		lines := 0
		if line != want {
			lines = 1
		}
		for _, end := range []string{"", "\n", "\r\n"} {
			if got, n := WithoutSecrets([]byte(line + end)); string(got) != want+end || n != lines {
				t.Errorf("%q is shown as %q, %d lines", line+end, got, n)
			}
		}
	}
}
