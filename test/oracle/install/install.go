// Renders what it is asked on standard input: installations as istioctl does, and charts as helm does.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	"istio.io/istio/operator/cmd/mesh"
	"istio.io/istio/operator/pkg/util/clog"
	"istio.io/istio/pkg/log"
)

type question struct {
	// Of an installation.
	Files, Set []string
	Force      bool
	// Of a chart: its directory and the user's values.
	Chart  string
	Values map[string]any
}

type answer struct {
	Output  string            `json:"output"`
	Outputs map[string]string `json:"outputs"`
	Error   string            `json:"error"`
}

type collector struct{ bytes []byte }

func (c *collector) Write(p []byte) (int, error) {
	c.bytes = append(c.bytes, p...)
	return len(p), nil
}

func install(q question) (string, error) {
	out := &collector{}
	logger := clog.NewConsoleLogger(out, &collector{}, log.RegisterScope("oracle", "oracle"))
	args := &mesh.ManifestGenerateArgs{InFilenames: q.Files, Set: q.Set, Force: q.Force}
	err := mesh.ManifestGenerate(nil, args, logger)
	return string(out.bytes), err
}

func render(q question) (map[string]string, error) {
	chart, err := loader.LoadDir(q.Chart)
	if err != nil {
		return nil, err
	}
	if err := chartutil.ProcessDependencies(chart, q.Values); err != nil {
		return nil, err
	}
	caps := *common.DefaultCapabilities
	version, err := common.ParseKubeVersion("1.32.0")
	if err != nil {
		return nil, err
	}
	caps.KubeVersion = *version
	release := common.ReleaseOptions{Name: "istio", Namespace: "istio-system"}
	values, err := util.ToRenderValues(chart, q.Values, release, &caps)
	if err != nil {
		return nil, err
	}
	return engine.Render(chart, values)
}

func answerTo(q question) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a.Error = fmt.Sprint("panic: ", p)
		}
	}()
	var err error
	if q.Chart == "" {
		a.Output, err = install(q)
	} else {
		a.Outputs, err = render(q)
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		panic(err)
	}
	answers := []answer{}
	for _, q := range questions {
		answers = append(answers, answerTo(q))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
