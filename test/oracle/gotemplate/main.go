// Answers templates as Go does: reads JSON lines {template, data, missingKey, functions}, writes {output} or {error}.
//
// functions "core" are those below, which exist to have arguments and results of many types; "sprig" are sprig's with
// Helm's additions that need no chart.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
)

type question struct {
	Template   string `json:"template"`
	Data       any    `json:"data"`
	MissingKey string `json:"missingKey"`
	Functions  string `json:"functions"`
}

type answer struct {
	Output string `json:"output"`
	Error  string `json:"error,omitempty"`
}

func core() template.FuncMap {
	return template.FuncMap{
		"str":     func(s string) string { return s },
		"num":     func(i int) int { return i },
		"i8":      func(i int8) int8 { return i },
		"i64":     func(i int64) int64 { return i },
		"u8":      func(i uint8) uint8 { return i },
		"u64":     func(i uint64) uint64 { return i },
		"f32":     func(f float32) float32 { return f },
		"f64":     func(f float64) float64 { return f },
		"flag":    func(b bool) bool { return b },
		"any":     func(v any) any { return v },
		"mapping": func(m map[string]any) map[string]any { return m },
		"items":   func(s []any) []any { return s },
		"strs":    func(s ...string) []string { return s },
		"list":    func(v ...any) []any { return v },
		"dict": func(v ...any) (map[string]any, error) {
			m := map[string]any{}
			for i := 0; i+1 < len(v); i += 2 {
				m[fmt.Sprint(v[i])] = v[i+1]
			}
			return m, nil
		},
		"strmap": func(s ...string) map[string]string {
			m := map[string]string{}
			for i := 0; i+1 < len(s); i += 2 {
				m[s[i]] = s[i+1]
			}
			return m
		},
		"nothing": func() any { return nil },
		"nilmap":  func() map[string]any { return nil },
		"bytes":   func(s string) []byte { return []byte(s) },
		"joined":  func(sep string, v ...any) string { return strings.TrimSuffix(fmt.Sprintln(v...), "\n") + sep },
		"boom":    func(s string) (string, error) { return "", errors.New("boom " + s) },
		"panics":  func() string { panic("help") },
	}
}

func withSprig() template.FuncMap {
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = func(v any) string {
		data, err := yaml.Marshal(v)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(data), "\n")
	}
	functions["fromYaml"] = func(s string) map[string]any {
		m := map[string]any{}
		if err := yaml.Unmarshal([]byte(s), &m); err != nil {
			m["Error"] = err.Error()
		}
		return m
	}
	return functions
}

func render(q question, functions template.FuncMap) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{Error: fmt.Sprint("panic: ", r)}
		}
	}()
	t := template.New("t").Funcs(functions)
	if q.MissingKey != "" {
		t.Option("missingkey=" + q.MissingKey)
	}
	if _, err := t.Parse(q.Template); err != nil {
		return answer{Error: err.Error()}
	}
	var out strings.Builder
	if err := t.Execute(&out, q.Data); err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Output: out.String()}
}

func main() {
	tables := map[string]template.FuncMap{"core": core(), "sprig": withSprig()}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := encoder.Encode(render(q, tables[q.Functions])); err != nil {
			os.Exit(1)
		}
	}
}
