package examples_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wye-events/wye/rules"
)

// TestManifestsRun starts the real Wye as the pod would: with its arguments, its
// environment and the ConfigMap as the kubelet mounts it, on a directory of its
// own for each volume. The probes answer, and a changed ConfigMap is loaded.
func TestManifestsRun(t *testing.T) {
	if testing.Short() {
		t.Skip("starts programs")
	}
	objects, _ := rendered(t, "base")
	p := objects["Deployment/wye"].Spec.Template.Spec
	c := p.Containers[0]
	root := t.TempDir()
	host := func(text string) string {
		for _, m := range c.Mounts {
			if before, path, ok := strings.Cut(text, "="+m.Path); ok {
				return before + "=" + root + m.Path + path
			}
		}
		return text
	}
	mounted := root + "/etc/wye/rules"
	data := objects["ConfigMap/wye-rules"].Data
	mountConfigMap(t, mounted, "..1", data)
	if _, _, problems := rules.Load(mounted); problems.HasErrors() {
		t.Fatalf("the rules of the ConfigMap do not load: %+v", problems)
	}
	var args, env []string
	for _, a := range c.Args {
		for _, port := range c.Ports {
			if a == "--"+port.Name+"=:"+strconv.Itoa(port.Port) {
				a = "--" + port.Name + "=127.0.0.1:0"
			}
		}
		args = append(args, host(a))
	}
	for _, e := range c.Env {
		env = append(env, e.Name+"=secret")
	}
	wye := run(t, env, buildWye(t), args...)
	s := &shop{admin: wye.await(`See (http://[^/\s]+)/api`)[0]}
	for name, probe := range map[string]probe{"startup": c.Startup, "liveness": c.Liveness, "readiness": c.Readiness} {
		response, err := http.Get(s.admin + probe.Get.Path)
		if err != nil {
			t.Fatal(err)
		}
		if response.Body.Close(); response.StatusCode != http.StatusOK || probe.Get.Port != "admin" {
			t.Errorf("the %s probe %+v answers %s", name, probe, response.Status)
		}
	}

	before := data["shared.yaml"]
	data["shared.yaml"] = strings.Replace(before, "  shared-history:\n    desc", "  shared-renamed:\n    desc", 1)
	if data["shared.yaml"] == before {
		t.Fatal("the rule shared-history was not found")
	}
	mountConfigMap(t, mounted, "..2", data)
	var now struct{ Rules []struct{ Name string } }
	eventually(t, "the changed ConfigMap is loaded", func() bool {
		s.ask(t, "/api/v1/rules", &now)
		return slices.ContainsFunc(now.Rules, func(r struct{ Name string }) bool { return r.Name == "shared-renamed" })
	})
}

// mountConfigMap makes a directory what the kubelet makes of a ConfigMap: links
// through ..data, which is turned to a new directory in one step.
func mountConfigMap(t *testing.T, dir, version string, data map[string]string) {
	t.Helper()
	hold := func(err error) {
		if err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
	}
	hold(os.MkdirAll(filepath.Join(dir, version), 0o755))
	for name, text := range data {
		hold(os.WriteFile(filepath.Join(dir, version, name), []byte(text), 0o644))
		hold(os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
	}
	hold(os.Symlink(version, filepath.Join(dir, "..data_tmp")))
	hold(os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
}
