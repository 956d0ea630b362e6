// Prints what the Gateway API's conformance suite asks and expects, as JSON lines: one for each request of its tables.
// The suite needs a cluster to run; its tables are Go literals, and this reads them from the source as such.
//
//	go run . DIRECTORY-OF-THE-CONFORMANCE-MODULE
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Probe is one request with its answer, as the literals have it; fields keep the names they have in the suite.
type Probe struct {
	Test      string `json:"test"`
	Manifests any    `json:"manifests"`
	Kind      string `json:"kind"`
	From      any    `json:"from"`
	Expected  any    `json:"expected"`
}

// Elements stands for a variable that takes each value of a list in turn.
type Elements struct{ list []any }

type scope struct {
	parent *scope
	values map[string]any
}

func (s *scope) lookup(name string) (any, bool) {
	for ; s != nil; s = s.parent {
		if value, ok := s.values[name]; ok {
			return value, true
		}
	}
	return nil, false
}

func (s *scope) assign(name string, value any) {
	for at := s; at != nil; at = at.parent {
		if _, ok := at.values[name]; ok {
			at.values[name] = value
			return
		}
	}
	s.values[name] = value
}

func child(s *scope) *scope { return &scope{s, map[string]any{}} }

type extractor struct {
	constants *scope
	test      string
	manifests any
	probes    []Probe
}

const send = "MakeRequestAndExpectEventuallyConsistentResponse"

func main() {
	root := os.Args[1]
	x := &extractor{constants: child(nil)}
	for _, pattern := range []string{"utils/suite/*.go", "utils/echo/*.go"} {
		for _, file := range parse(filepath.Join(root, pattern)) {
			x.declareConstants(file)
		}
	}
	for _, pattern := range []string{"tests/*.go", "tests/mesh/*.go"} {
		for _, file := range parse(filepath.Join(root, pattern)) {
			x.readTests(file)
		}
	}
	out := json.NewEncoder(os.Stdout)
	for _, probe := range x.probes {
		if err := out.Encode(probe); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func parse(pattern string) []*ast.File {
	names, _ := filepath.Glob(pattern)
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		files = append(files, file)
	}
	return files
}

func (x *extractor) declareConstants(file *ast.File) {
	for _, decl := range file.Decls {
		if general, ok := decl.(*ast.GenDecl); ok {
			x.declare(general, x.constants)
		}
	}
}

func (x *extractor) declare(general *ast.GenDecl, s *scope) {
	for _, spec := range general.Specs {
		if value, ok := spec.(*ast.ValueSpec); ok {
			for i, name := range value.Names {
				if i < len(value.Values) {
					s.values[name.Name] = x.eval(value.Values[i], s)
				}
			}
		}
	}
}

// readTests runs through the Test function of every ConformanceTest of a file.
func (x *extractor) readTests(file *ast.File) {
	for _, decl := range file.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok || general.Tok != token.VAR {
			continue
		}
		for _, spec := range general.Specs {
			for _, value := range spec.(*ast.ValueSpec).Values {
				literal, ok := value.(*ast.CompositeLit)
				if !ok || nameOf(literal.Type) != "ConformanceTest" {
					continue
				}
				var body *ast.BlockStmt
				for _, element := range literal.Elts {
					pair := element.(*ast.KeyValueExpr)
					switch pair.Key.(*ast.Ident).Name {
					case "ShortName":
						x.test, _ = x.eval(pair.Value, x.constants).(string)
					case "Manifests":
						x.manifests = x.eval(pair.Value, x.constants)
					case "Test":
						if function, ok := pair.Value.(*ast.FuncLit); ok {
							body = function.Body
						}
					}
				}
				if body != nil {
					x.run(body.List, child(x.constants))
				}
			}
		}
	}
}

func (x *extractor) run(statements []ast.Stmt, s *scope) {
	for _, statement := range statements {
		switch stmt := statement.(type) {
		case *ast.DeclStmt:
			if general, ok := stmt.Decl.(*ast.GenDecl); ok {
				x.declare(general, s)
			}
		case *ast.AssignStmt:
			for i, left := range stmt.Lhs {
				name, ok := left.(*ast.Ident)
				if !ok || i >= len(stmt.Rhs) {
					continue
				}
				value := x.eval(stmt.Rhs[i], s)
				if stmt.Tok == token.DEFINE {
					s.values[name.Name] = value
				} else {
					s.assign(name.Name, value)
				}
			}
		case *ast.RangeStmt:
			inner := child(s)
			if name, ok := stmt.Value.(*ast.Ident); ok {
				if list, ok := x.eval(stmt.X, s).([]any); ok {
					inner.values[name.Name] = Elements{list}
				}
			}
			x.run(stmt.Body.List, inner)
		case *ast.ForStmt:
			x.run(stmt.Body.List, child(s))
		case *ast.BlockStmt:
			x.run(stmt.List, child(s))
		case *ast.ExprStmt:
			if call, ok := stmt.X.(*ast.CallExpr); ok {
				x.call(call, s)
			}
		}
	}
}

// call follows subtests and notes requests.
func (x *extractor) call(call *ast.CallExpr, s *scope) {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if selector.Sel.Name == "Run" {
		for _, argument := range call.Args {
			if function, ok := argument.(*ast.FuncLit); ok {
				x.run(function.Body.List, child(s))
			}
		}
		return
	}
	if selector.Sel.Name != send {
		return
	}
	kind := "http"
	if nameOf(selector.X) == "grpc" {
		kind = "grpc"
	}
	from := x.eval(selector.X, s)
	var expected []any
	for _, argument := range call.Args {
		switch value := x.eval(argument, s).(type) {
		case Elements:
			expected = value.list
		case map[string]any:
			if _, ok := value["Gateway"]; ok {
				from = value
			} else if len(value) > 0 {
				expected = []any{value}
			}
		}
	}
	for _, one := range expected {
		x.probes = append(x.probes, Probe{x.test, x.manifests, kind, from, one})
	}
}

// eval answers strings, numbers, booleans, lists, maps (of structs too) and Elements; nil for what it cannot know.
func (x *extractor) eval(expression ast.Expr, s *scope) any {
	switch e := expression.(type) {
	case *ast.BasicLit:
		return literal(e)
	case *ast.ParenExpr:
		return x.eval(e.X, s)
	case *ast.UnaryExpr:
		return x.eval(e.X, s)
	case *ast.Ident:
		if e.Name == "true" || e.Name == "false" {
			return e.Name == "true"
		}
		value, _ := s.lookup(e.Name)
		return value
	case *ast.BinaryExpr:
		left, isText := x.eval(e.X, s).(string)
		right, isTextToo := x.eval(e.Y, s).(string)
		if e.Op == token.ADD && isText && isTextToo {
			return left + right
		}
	case *ast.SelectorExpr:
		return x.selected(e, s)
	case *ast.IndexExpr:
		if list, ok := x.eval(e.X, s).([]any); ok {
			return Elements{list}
		}
	case *ast.CompositeLit:
		return x.composite(e, s)
	case *ast.CallExpr:
		return x.result(e, s)
	}
	return nil
}

func (x *extractor) selected(e *ast.SelectorExpr, s *scope) any {
	switch value := x.eval(e.X, s).(type) {
	case map[string]any:
		return value[e.Sel.Name]
	case Elements:
		var fields []any
		for _, element := range value.list {
			if one, ok := element.(map[string]any); ok {
				fields = append(fields, one[e.Sel.Name])
			}
		}
		return Elements{fields}
	}
	// A name of another package: a constant of the suite, or its own name.
	if value, ok := x.constants.lookup(e.Sel.Name); ok {
		return value
	}
	return e.Sel.Name
}

func (x *extractor) composite(e *ast.CompositeLit, s *scope) any {
	_, isList := e.Type.(*ast.ArrayType)
	if len(e.Elts) > 0 {
		_, isPair := e.Elts[0].(*ast.KeyValueExpr)
		isList = !isPair
	}
	if isList {
		list := []any{}
		for _, element := range e.Elts {
			list = append(list, x.eval(element, s))
		}
		return list
	}
	fields := map[string]any{}
	for _, element := range e.Elts {
		pair := element.(*ast.KeyValueExpr)
		key := nameOf(pair.Key)
		if _, isField := pair.Key.(*ast.Ident); !isField {
			key, _ = x.eval(pair.Key, s).(string)
		}
		fields[key] = x.eval(pair.Value, s)
	}
	return fields
}

// result knows the calls that answer where requests are sent from and to.
func (x *extractor) result(e *ast.CallExpr, s *scope) any {
	switch nameOf(e.Fun) {
	case "NewGatewayRef":
		var listeners []any
		for _, argument := range e.Args[1:] {
			listeners = append(listeners, x.eval(argument, s))
		}
		return map[string]any{"Gateway": x.eval(e.Args[0], s), "Listeners": listeners}
	case "ConnectToApp":
		return map[string]any{"Client": x.eval(e.Args[2], s), "Namespace": x.eval(ast.NewIdent("MeshNamespace"), s)}
	case "ConnectToAppInNamespace":
		return map[string]any{"Client": x.eval(e.Args[2], s), "Namespace": x.eval(e.Args[3], s)}
	}
	if name := nameOf(e.Fun); len(e.Args) == 1 && (name == "string" || name == "Namespace") {
		return x.eval(e.Args[0], s)
	}
	if nameOf(e.Fun) == "append" {
		joined, _ := x.eval(e.Args[0], s).([]any)
		for _, argument := range e.Args[1:] {
			switch more := x.eval(argument, s).(type) {
			case []any:
				joined = append(joined, more...)
			default:
				joined = append(joined, more)
			}
		}
		return joined
	}
	for _, argument := range e.Args {
		if call, ok := argument.(*ast.CallExpr); ok && nameOf(call.Fun) == "NewGatewayRef" {
			return x.eval(call, s)
		}
	}
	return nil
}

func nameOf(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func literal(e *ast.BasicLit) any {
	switch e.Kind {
	case token.STRING:
		text, _ := strconv.Unquote(e.Value)
		return text
	case token.INT:
		number, _ := strconv.Atoi(e.Value)
		return number
	}
	return e.Value
}
