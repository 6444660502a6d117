// Command render prints what Kustomize makes of a directory, and holds it against
// the API of Kubernetes: each object must be of a kind that is known here, and
// may have no field that its kind has not. It is how the tests look at the
// manifests of this example, and is a module of its own because the libraries
// of Kubernetes are large and Wye needs none of them.
//
//	go run . ../base
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: render DIR")
		os.Exit(2)
	}
	if err := render(os.Stdout, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

// kinds are the objects that the manifests may have, as the API server reads them.
var kinds = map[string]func() any{
	"v1 ConfigMap":                       func() any { return new(corev1.ConfigMap) },
	"v1 PersistentVolumeClaim":           func() any { return new(corev1.PersistentVolumeClaim) },
	"v1 Service":                         func() any { return new(corev1.Service) },
	"apps/v1 Deployment":                 func() any { return new(appsv1.Deployment) },
	"networking.k8s.io/v1 NetworkPolicy": func() any { return new(networkingv1.NetworkPolicy) },
}

func render(out io.Writer, dir string) error {
	objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return err
	}
	var faults []error
	for _, object := range objects.Resources() {
		if err := check(object); err != nil {
			faults = append(faults, fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err))
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	text, err := objects.AsYaml()
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

// check reads an object as its kind, strictly.
func check(object *resource.Resource) error {
	kind := kinds[object.GetApiVersion()+" "+object.GetKind()]
	if kind == nil {
		return fmt.Errorf("%s is not a kind that is known here", object.GetApiVersion())
	}
	text, err := object.AsYAML()
	if err != nil {
		return err
	}
	return yaml.UnmarshalStrict(text, kind())
}
