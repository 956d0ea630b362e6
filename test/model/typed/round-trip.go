// Reads lines {"type", "text"} with YAML of an object; answers what encoding/json writes of it, or "!" for a refusal.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	openshift "github.com/openshift/api/apps/v1"
	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func empty(name string) any {
	switch name {
	case "core/v1.Pod":
		return &core.Pod{}
	case "apps/v1.Deployment":
		return &apps.Deployment{}
	case "apps/v1.StatefulSet":
		return &apps.StatefulSet{}
	case "apps/v1.DaemonSet":
		return &apps.DaemonSet{}
	case "batch/v1.CronJob":
		return &batch.CronJob{}
	case "openshift/apps/v1.DeploymentConfig":
		return &openshift.DeploymentConfig{}
	}
	panic(name)
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	decoder := json.NewDecoder(in)
	for decoder.More() {
		var line struct{ Type, Text, From string }
		if err := decoder.Decode(&line); err != nil {
			panic(err)
		}
		object := empty(line.Type)
		decode := func() error { return yaml.Unmarshal([]byte(line.Text), object) }
		if line.From == "json" {
			decode = func() error { return json.Unmarshal([]byte(line.Text), object) }
		}
		if err := decode(); err != nil {
			fmt.Fprintln(out, "!")
			continue
		}
		text, err := json.Marshal(object)
		if err != nil {
			panic(err)
		}
		fmt.Fprintln(out, string(text))
	}
}
