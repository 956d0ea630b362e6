// Renders the templates by which istiod deploys gateways, with istiod's own functions and data.
package main

import (
	"encoding/json"
	"os"

	corev1 "k8s.io/api/core/v1"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	meshapi "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/config/kube/gatewaycommon"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube/inject"
	"istio.io/istio/pkg/util/protomarshal"
	"istio.io/istio/pkg/test/util/tmpl"
)

type question struct {
	// A template of an injector's configuration, and the values and the mesh beside it.
	Template, Values, Mesh string
	// A Gateway, and what the controller says of it.
	Gateway                                           string
	Class, Controller, ServiceType, Revision, Network string
	ProxyUID, ProxyGID                                int64
	Ports                                             []corev1.ServicePort
}

type answer struct {
	Output string `json:"output"`
	Error  string `json:"error"`
}

// What istiod's template data is: the controller's, and what the injector's configuration adds.
type input struct {
	gatewaycommon.TemplateInput
	ProxyImage        string
	AgentgatewayImage string
	ProxyConfig       *meshapi.ProxyConfig
	MeshConfig        *meshapi.MeshConfig
	Values            map[string]any
}

func render(q question) (string, error) {
	templates, err := inject.ParseTemplates(inject.RawTemplates{"t": q.Template})
	if err != nil {
		return "", err
	}
	values, err := inject.NewValuesConfig(q.Values)
	if err != nil {
		return "", err
	}
	meshConfig, err := mesh.ApplyMeshConfigDefaults(q.Mesh)
	if err != nil {
		return "", err
	}
	gw := gateway.Gateway{}
	if err := yaml.Unmarshal([]byte(q.Gateway), &gw); err != nil {
		return "", err
	}
	labels := map[string]string{}
	annotations := map[string]string{}
	if gw.Spec.Infrastructure != nil {
		for k, v := range gw.Spec.Infrastructure.Labels {
			labels[string(k)] = string(v)
		}
		for k, v := range gw.Spec.Infrastructure.Annotations {
			annotations[string(k)] = string(v)
		}
	}
	proxyConfig := protomarshal.ShallowClone(meshConfig.DefaultConfig)
	return tmpl.Execute(templates["t"], input{
		TemplateInput: gatewaycommon.TemplateInput{
			Gateway: &gw, GatewayClass: q.Class, ControllerLabel: q.Controller,
			DeploymentName: gw.Name + "-deployed", ServiceAccount: gw.Name + "-account",
			Ports: q.Ports, ServiceType: corev1.ServiceType(q.ServiceType),
			ClusterID: "here", KubeVersion: 134, Revision: q.Revision,
			ProxyUID: q.ProxyUID, ProxyGID: q.ProxyGID,
			InfrastructureLabels: labels, InfrastructureAnnotations: annotations,
			GatewayNameLabel: "gateway.networking.k8s.io/gateway-name",
		},
		ProxyImage:        inject.ProxyImage(values.Struct(), proxyConfig.GetImage(), gw.Annotations),
		AgentgatewayImage: inject.AgentgatewayImage(values.Struct(), proxyConfig.GetImage(), gw.Annotations),
		ProxyConfig:       proxyConfig, MeshConfig: meshConfig, Values: values.Map(),
	})
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		panic(err)
	}
	answers := []answer{}
	for _, q := range questions {
		a := answer{}
		output, err := render(q)
		a.Output = output
		if err != nil {
			a.Error = err.Error()
		}
		answers = append(answers, a)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
