package browser_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
)

// sources are the folders of pages, with the folders whose Russian they share.
var sources = map[string][]string{
	"../site":   {"../site"},
	"..":        {"..", "../site"},
	"../portal": {"../portal", "../site"},
}

// TestRussian wants the Russian of every text of templates and pages, with the
// same places for values.
func TestRussian(t *testing.T) {
	t.Parallel()
	for dir, from := range sources {
		t.Run(filepath.Base(filepath.Join("console", dir)), func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat(dir); os.IsNotExist(err) {
				return
			}
			russian := map[string]string{}
			for _, other := range from {
				maps.Copy(russian, dictionary(t, other))
			}
			used := map[string]string{}
			for _, folder := range []string{"pages", "templates"} {
				maps.Copy(used, templateTexts(t, filepath.Join(dir, folder)))
			}
			maps.Copy(used, goTexts(t, dir))
			if len(used) == 0 {
				t.Fatal("no text was found at all")
			}
			for _, text := range slices.Sorted(maps.Keys(used)) {
				translated, known := russian[text]
				switch {
				case !known:
					t.Errorf("%s: no Russian for %q", used[text], text)
				case !slices.Equal(verbs(text), verbs(translated)):
					t.Errorf("%s: %q has other places for values in Russian: %q", used[text], text, translated)
				}
			}
			checkRegistered(t, dir)
		})
	}
}

var verb = regexp.MustCompile(`%(?:\[\d+\])?[a-z]`)

func verbs(text string) []string {
	found := verb.FindAllString(strings.ReplaceAll(text, "%%", ""), -1)
	slices.Sort(found)
	return found
}

// parsed are the Go files of a folder, without tests.
func parsed(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	must(t, err)
	files := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		files[name] = file
	}
	return files
}

func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, err := strconv.Unquote(e.Value)
			return text, err == nil
		}
	case *ast.BinaryExpr:
		left, ok := literal(e.X)
		right, also := literal(e.Y)
		return left + right, ok && also
	}
	return "", false
}

// dictionary is the Russian in files ru.go and ru_*.go, by the English.
func dictionary(t *testing.T, dir string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for name, file := range parsed(t, dir) {
		if !isRussian(name) {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if pair, ok := n.(*ast.KeyValueExpr); ok {
				key, isText := literal(pair.Key)
				value, also := literal(pair.Value)
				if isText && also {
					texts[key] = value
				}
			}
			return true
		})
	}
	return texts
}

func isRussian(file string) bool {
	base := filepath.Base(file)
	return base == "ru.go" || strings.HasPrefix(base, "ru_")
}

// checkRegistered wants every variable of the Russian files to be used in
// another file: a dictionary that is not given to the site translates nothing.
func checkRegistered(t *testing.T, dir string) {
	t.Helper()
	declared, used := map[string]string{}, map[string]bool{}
	for name, file := range parsed(t, dir) {
		if !isRussian(name) {
			ast.Inspect(file, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					used[id.Name] = true
				}
				return true
			})
			continue
		}
		for _, decl := range file.Decls {
			if group, ok := decl.(*ast.GenDecl); ok {
				for _, spec := range group.Specs {
					if value, ok := spec.(*ast.ValueSpec); ok {
						declared[value.Names[0].Name] = name
					}
				}
			}
		}
	}
	for name, file := range declared {
		if !used[name] {
			t.Errorf("%s: nothing uses %s", file, name)
		}
	}
}

// goTexts are the texts of calls of T, of menus, and of problems that pages
// make themselves.
func goTexts(t *testing.T, dir string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for name, file := range parsed(t, dir) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				called, ok := n.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if called.Sel.Name == "T" && len(n.Args) > 0 {
					if text, ok := literal(n.Args[0]); ok {
						texts[text] = name
					}
				}
				if called.Sel.Name == "Goto" && len(n.Args) == 2 {
					if text, ok := literal(n.Args[1]); ok && text != "" {
						t.Errorf("%s: the note %q is not translated: give it through T", name, text)
					}
				}
				if from, ok := called.X.(*ast.Ident); ok && from.Name == "fault" && called.Sel.Name == "New" && len(n.Args) == 3 {
					if text, ok := literal(n.Args[2]); ok {
						texts[text] = name
					}
				}
			case *ast.CompositeLit:
				if isMenu(n) {
					maps.Copy(texts, menuTexts(n, name))
				}
			}
			return true
		})
	}
	return texts
}

func isMenu(n *ast.CompositeLit) bool {
	list, ok := n.Type.(*ast.ArrayType)
	if !ok {
		return false
	}
	switch of := list.Elt.(type) {
	case *ast.SelectorExpr:
		return of.Sel.Name == "MenuItem"
	case *ast.Ident:
		return of.Name == "MenuItem"
	}
	return false
}

func menuTexts(n *ast.CompositeLit, name string) map[string]string {
	texts := map[string]string{}
	ast.Inspect(n, func(n ast.Node) bool {
		if pair, ok := n.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "Name" {
				if text, ok := literal(pair.Value); ok {
					texts[text] = name
				}
			}
		}
		return true
	})
	return texts
}

// translated are the values of dict that parts of pages translate themselves.
var translated = []string{"label", "hint"}

// templateTexts are the texts of the templates of a folder.
func templateTexts(t *testing.T, dir string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.html"))
	must(t, err)
	texts := map[string]string{}
	for _, name := range names {
		content, err := os.ReadFile(name)
		must(t, err)
		tree := parse.New(name)
		tree.Mode = parse.SkipFuncCheck
		trees := map[string]*parse.Tree{}
		_, err = tree.Parse(string(content), "", "", trees)
		must(t, err)
		for _, one := range trees {
			if one.Root != nil {
				collect(one.Root, func(text string) { texts[text] = name })
			}
		}
	}
	return texts
}

// collect walks a template and tells every text that is translated.
func collect(n parse.Node, tell func(string)) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, inner := range n.Nodes {
				collect(inner, tell)
			}
		}
	case *parse.ActionNode:
		collect(n.Pipe, tell)
	case *parse.IfNode:
		collectBranch(&n.BranchNode, tell)
	case *parse.RangeNode:
		collectBranch(&n.BranchNode, tell)
	case *parse.WithNode:
		collectBranch(&n.BranchNode, tell)
	case *parse.TemplateNode:
		if n.Name == "empty" && n.Pipe != nil && len(n.Pipe.Cmds) == 1 && len(n.Pipe.Cmds[0].Args) == 1 {
			if text, ok := n.Pipe.Cmds[0].Args[0].(*parse.StringNode); ok {
				tell(text.Text)
			}
		}
		collect(n.Pipe, tell)
	case *parse.PipeNode:
		if n != nil {
			for _, command := range n.Cmds {
				collectCommand(command, tell)
			}
		}
	}
}

func collectBranch(n *parse.BranchNode, tell func(string)) {
	collect(n.Pipe, tell)
	collect(n.List, tell)
	collect(n.ElseList, tell)
}

func collectCommand(n *parse.CommandNode, tell func(string)) {
	called, isCall := n.Args[0].(*parse.IdentifierNode)
	for i, arg := range n.Args {
		text, isText := arg.(*parse.StringNode)
		switch {
		case isText && isCall && called.Ident == "t" && i == 1:
			tell(text.Text)
		case isText && isCall && called.Ident == "dict" && i%2 == 0:
			if key, ok := n.Args[i-1].(*parse.StringNode); ok && slices.Contains(translated, key.Text) && text.Text != "" {
				tell(text.Text)
			}
		case !isText:
			collect(arg, tell)
		}
	}
}
