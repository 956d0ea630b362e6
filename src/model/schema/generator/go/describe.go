// Prints, as one JSON object, the Go structs and protobuf messages that injection decodes and renders and installation patches.
package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"

	openshift "github.com/openshift/api/apps/v1"
	"google.golang.org/protobuf/reflect/protoreflect"
	meshapi "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/operator/pkg/apis"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/util/protomarshal"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
)

type object = map[string]any

func main() {
	out := object{
		"structs": describeStructs(),
		"mesh":    describeMesh(),
		"values":  describeMessages((&apis.Values{}).ProtoReflect().Descriptor()),
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		panic(err)
	}
}

func describeStructs() object {
	structs := object{}
	for _, root := range []any{
		core.Pod{}, core.ReplicationController{}, core.List{}, core.Service{},
		apps.Deployment{}, apps.DaemonSet{}, apps.ReplicaSet{}, apps.StatefulSet{},
		batch.Job{}, batch.CronJob{}, openshift.DeploymentConfig{},
		autoscaling.HorizontalPodAutoscaler{}, policy.PodDisruptionBudget{},
	} {
		describeStruct(reflect.TypeOf(root), structs)
	}
	return structs
}

var marshaler = reflect.TypeFor[json.Marshaler]()

// A type with its own JSON form is told apart by having no fields.
func describeStruct(t reflect.Type, structs object) {
	name := typeName(t)
	if _, known := structs[name]; known {
		return
	}
	fields := []object{}
	structs[name] = fields
	if t.Implements(marshaler) || reflect.PointerTo(t).Implements(marshaler) {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == "-" || !f.IsExported() {
			continue
		}
		field := object{"go": f.Name, "json": tag, "type": typeName(f.Type)}
		for _, option := range []string{"omitempty", "omitzero", "inline"} {
			if strings.Contains(options, option) || option == "inline" && f.Anonymous && tag == "" {
				field[option] = true
			}
		}
		if f.Anonymous {
			field["embedded"] = true
		}
		for _, key := range []string{"patchStrategy", "patchMergeKey"} {
			if value := f.Tag.Get(key); value != "" {
				field[key] = value
			}
		}
		fields = append(fields, field)
		if below := f.Type; innermost(below).Kind() == reflect.Struct {
			describeStruct(innermost(below), structs)
		}
	}
	structs[name] = fields
}

func innermost(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}

// The last two parts of the package and the name; OpenShift's apps/v1 is told apart from Kubernetes'.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + typeName(t.Elem())
	case reflect.Slice:
		return "[]" + typeName(t.Elem())
	case reflect.Map:
		return "map[" + t.Key().Kind().String() + "]" + typeName(t.Elem())
	case reflect.Struct:
		path := strings.Split(t.PkgPath(), "/")
		short := strings.Join(path[max(0, len(path)-2):], "/")
		if strings.Contains(t.PkgPath(), "openshift") {
			short = "openshift/" + short
		}
		return short + "." + t.Name()
	default:
		return t.Kind().String()
	}
}

func describeMesh() object {
	out := describeMessages(
		(&meshapi.MeshConfig{}).ProtoReflect().Descriptor(),
		(&meshapi.MeshNetworks{}).ProtoReflect().Descriptor(),
	)
	text, err := protomarshal.ToJSON(mesh.DefaultMeshConfig())
	if err != nil {
		panic(err)
	}
	out["defaultMeshConfig"] = json.RawMessage(text)
	return out
}

func describeMessages(roots ...protoreflect.MessageDescriptor) object {
	messages, enums := object{}, object{}
	for _, root := range roots {
		describeMessage(root, messages, enums)
	}
	return object{"messages": messages, "enums": enums}
}

func describeMessage(md protoreflect.MessageDescriptor, messages, enums object) {
	name := string(md.FullName())
	if _, known := messages[name]; known {
		return
	}
	fields := []object{}
	messages[name] = fields
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		field := object{"name": fd.Name(), "json": fd.JSONName(), "kind": fd.Kind().String()}
		if one := fd.ContainingOneof(); one != nil {
			field["oneof"] = one.Name()
		}
		switch {
		case fd.IsMap():
			field["map"] = true
			field["kind"] = fd.MapValue().Kind().String()
			field["key"] = fd.MapKey().Kind().String()
			describeElement(fd.MapValue(), field, messages, enums)
		default:
			if fd.IsList() {
				field["repeated"] = true
			}
			describeElement(fd, field, messages, enums)
		}
		fields = append(fields, field)
	}
	messages[name] = fields
}

func describeElement(fd protoreflect.FieldDescriptor, field, messages, enums object) {
	if below := fd.Message(); below != nil {
		field["type"] = below.FullName()
		describeMessage(below, messages, enums)
	}
	if enum := fd.Enum(); enum != nil {
		field["type"] = enum.FullName()
		values := object{}
		for i := range enum.Values().Len() {
			value := enum.Values().Get(i)
			values[string(value.Name())] = value.Number()
		}
		enums[string(enum.FullName())] = values
	}
}
