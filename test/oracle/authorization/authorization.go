// Prints the HTTP filters that Istio gives a sidecar for AuthorizationPolicies, one line of JSON per set of policies.
// Standard input: {"trustDomains": [...], "sets": ["YAML of policies", ...]}.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"google.golang.org/protobuf/encoding/protojson"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/config/memory"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/security/authz/builder"
	"istio.io/istio/pilot/pkg/security/trustdomain"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/log"
)

type question struct {
	TrustDomains []string
	Sets         []string
}

func filtersOf(policies string, domains trustdomain.Bundle) ([]json.RawMessage, error) {
	configs, _, err := crd.ParseInputs(policies)
	if err != nil {
		return nil, err
	}
	store := memory.Make(collections.Pilot)
	for _, config := range configs {
		if _, err := store.Create(config); err != nil {
			return nil, err
		}
	}
	known := model.GetAuthorizationPolicies(&model.Environment{ConfigStore: store})
	push := &model.PushContext{AuthzPolicies: known, Mesh: &meshconfig.MeshConfig{}}
	applying := known.ListAuthorizationPolicies(model.WorkloadPolicyMatcher{
		WorkloadNamespace: "default",
		WorkloadLabels:    map[string]string{"app": "server"},
		RootNamespace:     known.RootNamespace,
	})
	filters := []json.RawMessage{}
	for _, custom := range []bool{true, false} {
		option := builder.Option{IsCustomBuilder: custom}
		built := builder.New(domains, push, applying, option)
		if built == nil {
			continue
		}
		for _, filter := range built.BuildHTTP() {
			text, err := protojson.Marshal(filter)
			if err != nil {
				return nil, err
			}
			filters = append(filters, text)
		}
	}
	return filters, nil
}

func main() {
	log.FindScope(log.DefaultScopeName).SetOutputLevel(log.NoneLevel)
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	domains := trustdomain.NewBundle(asked.TrustDomains[0], asked.TrustDomains[1:])
	out := json.NewEncoder(os.Stdout)
	for at, policies := range asked.Sets {
		filters, err := filtersOf(policies, domains)
		if err != nil {
			fmt.Fprintln(os.Stderr, at, err)
			os.Exit(1)
		}
		_ = out.Encode(filters)
	}
}
