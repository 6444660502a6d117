package examples_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// update writes rendered files anew.
var update = os.Getenv("WYE_UPDATE") != ""

// object is what the tests look at of an object of Kubernetes. That it has nothing
// which Kubernetes does not know is held by the program in kubernetes/render.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string // of a ConfigMap
	Spec     struct {
		Replicas int
		Strategy struct{ Type string }
		Selector map[string]any
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     pod
		}
		PodSelector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		} `yaml:"podSelector"`
	}
}

type pod struct {
	Grace           int   `yaml:"terminationGracePeriodSeconds"`
	AutomountToken  *bool `yaml:"automountServiceAccountToken"`
	SecurityContext struct {
		RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
		RunAsUser      int                   `yaml:"runAsUser"`
		FSGroup        int                   `yaml:"fsGroup"`
		SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	Containers []container
	Volumes    []struct {
		Name      string
		ConfigMap *struct{ Name string } `yaml:"configMap"`
		Claim     *struct {
			Name string `yaml:"claimName"`
		} `yaml:"persistentVolumeClaim"`
		Secret *struct {
			Name string `yaml:"secretName"`
		}
	}
}

type container struct {
	Args []string
	Env  []struct {
		Name      string
		ValueFrom struct {
			Secret struct{ Name, Key string } `yaml:"secretKeyRef"`
		} `yaml:"valueFrom"`
	}
	Ports []struct {
		Name string
		Port int `yaml:"containerPort"`
	}
	Startup   probe `yaml:"startupProbe"`
	Liveness  probe `yaml:"livenessProbe"`
	Readiness probe `yaml:"readinessProbe"`
	Resources struct{ Requests, Limits map[string]string }
	Security  struct {
		Escalation   *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnly     bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities struct{ Drop []string }
	} `yaml:"securityContext"`
	Mounts []mount `yaml:"volumeMounts"`
}

type mount struct {
	Name    string
	Path    string `yaml:"mountPath"`
	SubPath string `yaml:"subPath"`
}

type probe struct {
	Get struct{ Path, Port string } `yaml:"httpGet"`
}

// rendered are the objects that Kustomize makes of a directory of the example.
func rendered(t *testing.T, dir string) (objects map[string]object, text []byte) {
	t.Helper()
	render := build(t, "gitops/kubernetes/render", "render")
	for _, files := range []string{"rules/*", "rules/*/*", "kubernetes/*/*"} {
		readAll(t, filepath.Join("gitops", files))
	}
	out, err := exec.Command(render, filepath.Join("gitops/kubernetes", dir)).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		t.Fatalf("%s: %s", dir, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	objects = map[string]object{}
	for dec := yaml.NewDecoder(bytes.NewReader(out)); ; {
		var o object
		err := dec.Decode(&o)
		if errors.Is(err, io.EOF) {
			return objects, out
		}
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		objects[o.Kind+"/"+o.Metadata.Name] = o
	}
}

// readAll reads files, so that `go test` knows of them and runs the test again
// when they change: it does not see what another program reads.
func readAll(t *testing.T, pattern string) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s is nothing (%v)", pattern, err)
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			read(t, name)
		}
	}
}

// TestManifests renders both ways to run Wye on Kubernetes, and holds what they
// promise of the pod.
func TestManifests(t *testing.T) {
	for dir, kinds := range map[string][]string{
		"base": {"ConfigMap/wye-rules", "Deployment/wye", "NetworkPolicy/wye", "PersistentVolumeClaim/wye-data", "Service/wye"},
		"git":  {"Deployment/wye", "NetworkPolicy/wye", "PersistentVolumeClaim/wye-data", "Service/wye"},
	} {
		objects, text := rendered(t, dir)
		var names []string
		for name := range objects {
			names = append(names, name)
		}
		if slices.Sort(names); !slices.Equal(names, kinds) {
			t.Errorf("%s: the objects are %q, want %q", dir, names, kinds)
		}
		d := objects["Deployment/wye"]
		if d.Spec.Replicas != 1 || d.Spec.Strategy.Type != "Recreate" {
			t.Errorf("%s: %d replicas that are replaced by %s", dir, d.Spec.Replicas, d.Spec.Strategy.Type)
		}
		holdPod(t, dir, d.Spec.Template.Spec, objects)
		holdSelectors(t, dir, objects)
		if dir == "base" {
			holdPlain(t, text)
		}
	}
}

// holdPlain holds that the plain manifests are those that Kustomize makes.
func holdPlain(t *testing.T, text []byte) {
	t.Helper()
	const plain = "gitops/kubernetes/wye.yaml"
	want := "# Made of kubernetes/base by `kubectl kustomize`; apply it with\n#\n#   kubectl apply -f kubernetes/wye.yaml\n" + string(text)
	if update {
		if err := os.WriteFile(plain, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, plain) != want {
		t.Errorf("%s is not what is rendered; WYE_UPDATE=1 writes it anew", plain)
	}
}

func holdPod(t *testing.T, dir string, p pod, objects map[string]object) {
	t.Helper()
	s := p.SecurityContext
	if !s.RunAsNonRoot || s.RunAsUser == 0 || s.FSGroup == 0 || s.SeccompProfile.Type != "RuntimeDefault" || p.AutomountToken == nil || *p.AutomountToken {
		t.Errorf("%s: the pod may do more than it needs: %+v", dir, s)
	}
	c := p.Containers[0]
	if x := c.Security; x.Escalation == nil || *x.Escalation || !x.ReadOnly || !slices.Equal(x.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("%s: the container may do more than it needs: %+v", dir, x)
	}
	if c.Resources.Limits["memory"] == "" || c.Resources.Requests["memory"] == "" || c.Resources.Requests["cpu"] == "" {
		t.Errorf("%s: resources are %+v", dir, c.Resources)
	}
	if grace, err := time.ParseDuration(argument(c, "grace")); err != nil || grace+5*time.Second > time.Duration(p.Grace)*time.Second {
		t.Errorf("%s: a stop takes up to --grace=%s, and is cut off after %d seconds", dir, argument(c, "grace"), p.Grace)
	}
	for _, v := range p.Volumes {
		switch {
		case v.ConfigMap != nil && objects["ConfigMap/"+v.ConfigMap.Name].Kind == "",
			v.Claim != nil && objects["PersistentVolumeClaim/"+v.Claim.Name].Kind == "":
			t.Errorf("%s: the volume %s is of something that is not there", dir, v.Name)
		case v.Secret != nil:
			holdSecret(t, dir, v.Secret.Name, "")
		}
		if !slices.ContainsFunc(c.Mounts, func(m mount) bool { return m.Name == v.Name }) {
			t.Errorf("%s: the volume %s is not mounted", dir, v.Name)
		}
	}
	for _, m := range c.Mounts {
		if m.SubPath != "" {
			t.Errorf("%s: %s is mounted with subPath, and would never be updated", dir, m.Path)
		}
	}
	for _, e := range c.Env {
		holdSecret(t, dir, e.ValueFrom.Secret.Name, e.ValueFrom.Secret.Key)
	}
}

// holdSecret holds that the README tells how to make a Secret, which is not in Git.
func holdSecret(t *testing.T, dir, name, key string) {
	t.Helper()
	made := regexp.MustCompile(`(?m)^kubectl create secret generic ` + regexp.QuoteMeta(name) + ` .*--from-\w+=` + regexp.QuoteMeta(key))
	if !made.MatchString(read(t, "gitops/README.md")) {
		t.Errorf("%s: the README does not make the Secret %s with %s", dir, name, key)
	}
}

// holdSelectors holds that the Service and the policy are about the pod of the
// Deployment.
func holdSelectors(t *testing.T, dir string, objects map[string]object) {
	t.Helper()
	label := objects["Deployment/wye"].Spec.Template.Metadata.Labels["app.kubernetes.io/name"]
	service, policy := objects["Service/wye"].Spec, objects["NetworkPolicy/wye"].Spec
	if label == "" || service.Selector["app.kubernetes.io/name"] != label || policy.PodSelector.MatchLabels["app.kubernetes.io/name"] != label {
		t.Errorf("%s: the pod is %q, the service selects %v, the policy %v", dir, label, service.Selector, policy.PodSelector)
	}
}

// argument is the value of a flag in the arguments of a container.
func argument(c container, flag string) string {
	for _, a := range c.Args {
		if value, ok := strings.CutPrefix(a, "--"+flag+"="); ok {
			return value
		}
	}
	return ""
}

// TestManifestArguments holds that `wye serve` has the flags of the manifests:
// with --help it reads its arguments, and does no more.
func TestManifestArguments(t *testing.T) {
	for _, dir := range []string{"base", "git"} {
		objects, _ := rendered(t, dir)
		c := objects["Deployment/wye"].Spec.Template.Spec.Containers[0]
		if out, err := exec.Command(buildWye(t), append(slices.Clone(c.Args), "--help")...).CombinedOutput(); err != nil {
			t.Errorf("%s: wye %s: %s", dir, strings.Join(c.Args, " "), out)
		}
	}
}
