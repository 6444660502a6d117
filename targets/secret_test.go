package targets_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wye-events/wye/targets"
	"github.com/wye-events/wye/targets/targettest"
)

func writeFile(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestResolve(t *testing.T) {
	t.Setenv("WYE_TEST_TOKEN", "abc")
	t.Setenv("WYE_TEST_NESTED", "${env:WYE_TEST_TOKEN}")
	for text, want := range map[string]string{
		"": "", "plain $text}": "plain $text}", "${env:WYE_TEST_TOKEN}": "abc",
		"Bearer ${env:WYE_TEST_TOKEN}, ${env:WYE_TEST_TOKEN}": "Bearer abc, abc",
		"${env:WYE_TEST_NESTED}":                              "${env:WYE_TEST_TOKEN}",
		"${file:" + writeFile(t, "one\n") + "}":               "one",
		"${file:" + writeFile(t, "two\r\n") + "}":             "two",
		"${file:" + writeFile(t, "three\n\n") + "}":           "three\n",
	} {
		got, err := targets.Resolve(text)
		if err != nil || got.Reveal() != want {
			t.Errorf("%q: %q, %v; want %q", text, got.Reveal(), err, want)
		}
	}
}

func TestResolveNot(t *testing.T) {
	t.Setenv("WYE_TEST_EMPTY", "")
	for text, want := range map[string]string{
		"${env:WYE_TEST_NOT_SET}":            "${env:WYE_TEST_NOT_SET}: the environment variable is not set; set it where Wye is started",
		"${env:WYE_TEST_EMPTY}":              "${env:WYE_TEST_EMPTY}: it is empty; give it a value",
		"${env:}":                            "${env:}: the variable has no name; write ${env:NAME}",
		"${vault:x}":                         "${vault:x}: unknown kind of reference; write ${env:NAME} or ${file:/path}",
		"a ${env:X":                          "a reference that starts with ${ has no closing }; write ${env:NAME} or ${file:/path}",
		"${file:rel/path}":                   "${file:rel/path}: the path must be absolute; write ${file:/path}",
		"${file:/nowhere/to/be}":             "${file:/nowhere/to/be}: there is no such file; create or mount it",
		"${file:" + t.TempDir() + "}":        "it is not a regular file; name the file that holds the secret",
		"${file:/dev/null}":                  "${file:/dev/null}: it is not a regular file; name the file that holds the secret",
		"${file:" + writeFile(t, "\n") + "}": "it is empty; give it a value",
		"${file:" + writeFile(t, strings.Repeat(canary, targets.MaxSecret/8)) + "}": "the file is larger than 64 KiB",
	} {
		_, err := targets.Resolve(text)
		wantText(t, err, want)
		targettest.CheckError(t, err, canary)
	}
}

// TestSecretIsNotShown prints, logs and encodes a secret in every way that
// there is.
func TestSecretIsNotShown(t *testing.T) {
	t.Setenv("WYE_TEST_TOKEN", canary)
	for _, text := range []string{"Bearer ${env:WYE_TEST_TOKEN}", canary} {
		s, err := targets.Resolve(text)
		if err != nil {
			t.Fatal(err)
		}
		within := struct {
			Public  targets.Secret
			private targets.Secret
			list    []targets.Secret
		}{s, s, []targets.Secret{s}}
		var out strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
			fmt.Fprintf(&out, verb+verb+verb+verb+"\n", s, &s, within, &within)
		}
		fmt.Fprint(&out, s, within, map[string]targets.Secret{"k": s}, fmt.Errorf("%v", s))
		encoded, err := json.Marshal(within)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(encoded)
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "s", s, "w", within)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "s", s, "w", within)
		shown := out.String()
		if strings.Contains(shown, canary) || strings.Contains(shown, fmt.Sprintf("%x", canary)) {
			t.Errorf("%s: shown in\n%s", text, shown)
		}
		if text != canary && !strings.Contains(shown, "${env:WYE_TEST_TOKEN}") {
			t.Error("nothing says where the secret comes from")
		}
	}
}

// TestSecretsInErrors lets every kind of failure happen to a target whose URL
// and headers are secret, at receivers that send all of it back.
func TestSecretsInErrors(t *testing.T) {
	t.Setenv("WYE_TEST_TOKEN", canary)
	echo := func(w http.ResponseWriter, r *http.Request) {
		status := map[string]int{"400": 400, "404": 404, "410": 410, "429": 429, "500": 500, "302": 302, "401": 401}[r.URL.Path[1:4]]
		w.Header().Set("Location", "https://"+canary+".example.com/"+canary)
		w.WriteHeader(status)
		fmt.Fprintln(w, strings.Repeat("x", targets.ExcerptSize-90), r.URL, r.Header, url.QueryEscape(canary), url.PathEscape(canary+"/ü"),
			base64.StdEncoding.EncodeToString([]byte(canary)))
		json.NewEncoder(w).Encode(r.Header)
	}
	r := serve(t, echo)
	host := strings.TrimPrefix(r.URL, "http://")
	urls := []string{
		"http://" + refusedHost(t) + "/?token=${env:WYE_TEST_TOKEN}",
		"http://${env:WYE_TEST_TOKEN}.invalid/",
		"https://" + host + "/?token=${env:WYE_TEST_TOKEN}",
	}
	for _, status := range []string{"400", "404", "410", "429", "500", "302", "401"} {
		urls = append(urls,
			"http://"+host+"/"+status+"?token=${env:WYE_TEST_TOKEN}",
			"http://"+host+"/"+status+"/"+"${env:WYE_TEST_TOKEN}",
			"http://"+host+"/"+status+"?token="+canary,
		)
	}
	for _, u := range urls {
		to := target(t, targets.HTTPConfig{URL: u, Timeout: 5 * time.Second, Headers: map[string]string{
			"X-Api-Key": "${env:WYE_TEST_TOKEN}", "X-Literal-Token": canary, "Authorization": "Bearer " + canary,
		}})
		err := deliver(t, to)
		targettest.CheckError(t, err, canary, base64.StdEncoding.EncodeToString([]byte(canary)), canary[:9])
		if shown := fmt.Sprintf("%v %+v %#v %s", to, to, to, err); strings.Contains(shown, canary) {
			t.Errorf("shown: %s", shown)
		}
	}
}

// TestLiteralSecrets are written out in the settings, in spite of the advice.
func TestLiteralSecrets(t *testing.T) {
	r := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		http.Error(w, fmt.Sprint(r.URL, r.Header, password), http.StatusBadRequest)
	})
	for name, cfg := range map[string]targets.HTTPConfig{
		"query":  {URL: r.URL + "/?token=" + canary},
		"user":   {URL: strings.Replace(r.URL, "://", "://someone:"+canary+"@", 1)},
		"header": {URL: r.URL, Headers: map[string]string{"Authorization": "Token " + canary}},
	} {
		t.Run(name, func(t *testing.T) {
			err := deliver(t, target(t, cfg))
			targettest.CheckError(t, err, canary, base64.StdEncoding.EncodeToString([]byte("someone:"+canary)))
		})
	}
}

// TestWholeURLIsSecret is the web hook whose address is its password.
func TestWholeURLIsSecret(t *testing.T) {
	r := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no hook "+r.URL.Path, http.StatusNotFound)
	})
	t.Setenv("WYE_TEST_HOOK", r.URL+"/services/T0000/B0000/"+canary)
	err := deliver(t, target(t, targets.HTTPConfig{URL: "${env:WYE_TEST_HOOK}"}))
	wantText(t, err, "${env:WYE_TEST_HOOK}: answered 404: no hook [secret]")
	targettest.CheckError(t, err, canary, strings.TrimPrefix(r.URL, "http://"))
}

func refusedHost(t testing.TB) string { return strings.TrimPrefix(refused(t), "http://") }

// TestSecretCutOff ends an answer within a secret.
func TestSecretCutOff(t *testing.T) {
	r := raw(t, func(int) string {
		return "HTTP/1.1 500 Oops\r\nConnection: close\r\nContent-Length: 1000\r\n\r\nyou sent " + canary[:12]
	})
	to := target(t, targets.HTTPConfig{URL: r.url, Timeout: 200 * time.Millisecond, Headers: map[string]string{"X-Token": canary}})
	if got := targets.AnswerOf(deliver(t, to)); got.Excerpt != "you sent" {
		t.Errorf("excerpt %q", got.Excerpt)
	}
}

// TestRotation changes the secret's file: the first 401 looks it up again, and
// every delivery that was under way is tried once more with the new one.
func TestRotation(t *testing.T) {
	path := writeFile(t, "old\n")
	var good atomic.Value
	good.Store("Bearer old")
	var requests atomic.Int64
	r := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.Header.Get("Authorization") != good.Load() {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	to := target(t, targets.HTTPConfig{URL: r.URL, Headers: map[string]string{"authorization": "Bearer ${file:" + path + "}"}})
	if err := deliver(t, to); err != nil {
		t.Fatal(err)
	}
	good.Store("Bearer new")
	err := deliver(t, to)
	wantText(t, err, "answered 401 (the credentials in its headers or URL were refused; renew them)")
	if !is[*targets.Permanent](err) || requests.Load() != 2 {
		t.Errorf("nothing has changed: permanent %t after %d requests", is[*targets.Permanent](err), requests.Load())
	}
	if err := os.WriteFile(path, []byte("new\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if err := deliver(t, to); err != nil {
				t.Errorf("after the rotation: %v", err)
			}
		})
	}
	all.Wait()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	good.Store("Bearer newer")
	if err := deliver(t, to); !is[*targets.Permanent](err) {
		t.Errorf("the file is gone: %v", err)
	}
}

// TestRotationWithOwnStatuses: who has 401 tried again wants it tried with the
// secret of today.
func TestRotationWithOwnStatuses(t *testing.T) {
	path := writeFile(t, "old")
	r := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	to := target(t, targets.HTTPConfig{
		URL: r.URL, Headers: map[string]string{"authorization": "Bearer ${file:" + path + "}"},
		Statuses: append(targets.StatusTable{{401, 401, targets.Retry}}, targets.DefaultStatuses()...),
	})
	if got := effectOf(deliver(t, to)); got != (effect{}) {
		t.Errorf("not an ordinary failure: %+v", got)
	}
	if err := os.WriteFile(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := deliver(t, to); err != nil {
		t.Errorf("after the rotation: %v", err)
	}
}
