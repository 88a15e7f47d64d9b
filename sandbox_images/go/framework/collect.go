// collect SOLUTION TESTS: make a solution and a file of tests one package, called solution, and write the program that
// runs the tests. It looks at their text alone: the tests that will be asked for are those of the tests' own file.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"
)

func main() {
	solution, _ := read(os.Args[1], "solution.go")
	tests, aliases := read(os.Args[2], "tests.go")
	refuse(solution, usedIn(tests))
	var names []string
	for _, declared := range tests.Decls {
		function, ok := declared.(*ast.FuncDecl)
		if !ok || function.Recv != nil {
			continue
		}
		if function.Name.Name == "TestMain" {
			fail("tests with a TestMain of their own cannot be run")
		}
		if isTest(function, aliases) {
			names = append(names, fmt.Sprintf("{%q, of.%s},", function.Name.Name, function.Name.Name))
		}
	}
	alias := "of"
	if len(names) == 0 {
		alias = "_"
	}
	text := strings.NewReplacer("ALIAS", alias, "TESTS", strings.Join(names, "\n")).Replace(program)
	if err := os.WriteFile("main.go", []byte(text), 0o644); err != nil {
		fail(err)
	}
}

// read parses a file and writes it under another name, as a part of the package.
func read(path, written string) (*ast.File, map[string]bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		fail(err)
	}
	places := token.NewFileSet()
	file, err := parser.ParseFile(places, path, text, parser.ParseComments)
	if err != nil {
		fail(err)
	}
	start := places.Position(file.Name.Pos()).Offset
	end := start + len(file.Name.Name)
	head := fmt.Sprintf("%ssolution%s", text[:start], text[end:])
	if err := os.WriteFile(written, []byte(head), 0o644); err != nil {
		fail(err)
	}
	aliases := map[string]bool{"testing": true}
	for _, imported := range file.Imports {
		if imported.Path.Value == `"testing"` && imported.Name != nil {
			aliases[imported.Name.Name] = true
		}
	}
	return file, aliases
}

// usedIn returns every name that stands in a file.
func usedIn(file *ast.File) map[string]bool {
	used := map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		if name, ok := node.(*ast.Ident); ok {
			used[name.Name] = true
		}
		return true
	})
	return used
}

// refuse ends where a solution declares for its package, and so for the tests, what a predeclared word that they use
// means, or reaches into other packages. Others it may declare: programs older than Go 1.21 have a max of their own.
func refuse(file *ast.File, used map[string]bool) {
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if strings.HasPrefix(comment.Text, "//go:linkname") || strings.HasPrefix(comment.Text, "//go:cgo") {
				fail("the solution uses " + strings.Fields(comment.Text)[0])
			}
		}
	}
	for _, declared := range file.Decls {
		for _, name := range namesOf(declared) {
			if used[name] && types.Universe.Lookup(name) != nil {
				fail("the solution declares " + name + ", which the tests use as it is")
			}
		}
	}
}

func namesOf(declared ast.Decl) []string {
	var names []string
	switch each := declared.(type) {
	case *ast.FuncDecl:
		if each.Recv == nil {
			names = append(names, each.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range each.Specs {
			switch one := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, one.Name.Name)
			case *ast.ValueSpec:
				for _, name := range one.Names {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

// isTest is true for `func TestX(t *testing.T)`.
func isTest(function *ast.FuncDecl, aliases map[string]bool) bool {
	rest := strings.TrimPrefix(function.Name.Name, "Test")
	given := function.Type.Params.List
	if rest == function.Name.Name || strings.IndexAny(rest, "abcdefghijklmnopqrstuvwxyz") == 0 || len(given) != 1 {
		return false
	}
	pointer, ok := given[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	selected, ok := pointer.X.(*ast.SelectorExpr)
	if !ok || selected.Sel.Name != "T" {
		return false
	}
	of, ok := selected.X.(*ast.Ident)
	return ok && aliases[of.Name]
}

func fail(said any) {
	fmt.Fprintln(os.Stderr, "error:", said)
	os.Exit(1)
}

const program = `package main

import (
	_ "a/first"
	"a/report"
	ALIAS "solution"
)

func main() {
	report.Run([]report.Test{
TESTS
	})
}
`
