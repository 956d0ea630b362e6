// Reads lines {"message", "value"}; answers the message as canonical JSON, or "!" for a refusal.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"google.golang.org/protobuf/proto"
	meshapi "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/operator/pkg/apis"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/util/protomarshal"
)

func answer(message string, value []byte) string {
	var into proto.Message
	switch message {
	case "istio.mesh.v1alpha1.ProxyConfig":
		config, err := mesh.MergeProxyConfig(string(value), mesh.DefaultProxyConfig())
		if err != nil {
			return "!"
		}
		text, _ := protomarshal.ToJSON(config)
		return text
	case "istio.mesh.v1alpha1.MeshConfig":
		into = &meshapi.MeshConfig{}
	case "istio.mesh.v1alpha1.MeshNetworks":
		into = &meshapi.MeshNetworks{}
	case "istio.operator.v1alpha1.Values":
		into = &apis.Values{}
	}
	if err := protomarshal.Unmarshal(value, into); err != nil {
		return "!"
	}
	text, err := protomarshal.ToJSON(into)
	if err != nil {
		return "!"
	}
	return text
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	decoder := json.NewDecoder(bufio.NewReader(os.Stdin))
	for decoder.More() {
		var line struct {
			Message string
			Value   json.RawMessage
		}
		if err := decoder.Decode(&line); err != nil {
			panic(err)
		}
		fmt.Fprintln(out, answer(line.Message, line.Value))
	}
}
