// Reads lines {"original", "patch"} of pods; answers the merged pod, "! why" for a refusal, or "?" when the answer
// differs from run to run.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

func merge(original, patch []byte) (answer string) {
	defer func() {
		if reason := recover(); reason != nil {
			answer = "! panic"
		}
	}()
	merged, err := strategicpatch.StrategicMergePatch(original, patch, core.Pod{})
	if err != nil {
		return "!"
	}
	return string(merged)
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	decoder := json.NewDecoder(bufio.NewReader(os.Stdin))
	for decoder.More() {
		var line struct{ Original, Patch json.RawMessage }
		if err := decoder.Decode(&line); err != nil {
			panic(err)
		}
		answer := merge(line.Original, line.Patch)
		for range 8 {
			if merge(line.Original, line.Patch) != answer {
				answer = "?"
				break
			}
		}
		fmt.Fprintln(out, answer)
	}
}
