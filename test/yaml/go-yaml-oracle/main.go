// Answers each line of JSON on standard input with the YAML that sigs.k8s.io/yaml makes of it, as a JSON string.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<28)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	answers := json.NewEncoder(out)
	for in.Scan() {
		text, err := yaml.JSONToYAML(in.Bytes())
		if err != nil {
			panic(err)
		}
		if err := answers.Encode(string(text)); err != nil {
			panic(err)
		}
	}
}
