package browser_test

import (
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// services are the folders of what pages call, whose faults they show.
var services = []string{
	"../../approval", "../../cardorder", "../../chat", "../../enduser", "../../exchange", "../../export", "../../fx", "../../gameprovider",
	"../../gamewallet", "../../merchant", "../../operator", "../../password", "../../payout", "../../signin", "../../virtualcard",
	"../../../callbacks/dial", "..", "../portal", "../site",
}

// reason is how every text begins that says what is wrong with a field.
var reason = regexp.MustCompile(`^(must|is|may not|choose|looks|has (a|the)|needs) .*[a-z]{2}$`)

// TestFaultsAreInRussian wants the Russian of every field that a service can find
// fault with, and of what it says of it.
func TestFaultsAreInRussian(t *testing.T) {
	t.Parallel()
	russian := dictionary(t, "../site")
	maps.Copy(russian, dictionary(t, ".."))
	names, reasons := map[string]string{}, map[string]string{}
	for _, dir := range services {
		for file, tree := range parsed(t, dir) {
			if !isRussian(file) {
				faultTexts(tree, func(name string) { names[name] = file }, func(text string) { reasons[text] = file })
			}
		}
	}
	if len(names) < 30 || len(reasons) < 60 {
		t.Fatalf("%d fields and %d reasons were found", len(names), len(reasons))
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if _, known := russian[strings.ReplaceAll(name, "_", " ")]; !known && !titled(t)[name] && !strings.HasSuffix(name, ".") {
			t.Errorf("%s: no Russian for the field %q", names[name], name)
		}
	}
	value := regexp.MustCompile(`%[a-z]`)
	for _, text := range slices.Sorted(maps.Keys(reasons)) {
		if _, known := russian[value.ReplaceAllString(text, "%s")]; !known {
			t.Errorf("%s: no Russian for the reason %q", reasons[text], text)
		}
	}
}

// titled are the fields that have a name of their own in forms.
func titled(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	for file, tree := range parsed(t, "../site") {
		if !strings.HasSuffix(file, "faults.go") || isRussian(file) {
			continue
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if pair, ok := n.(*ast.KeyValueExpr); ok {
				if name, ok := literal(pair.Key); ok {
					known[name] = true
				}
			}
			return true
		})
	}
	return known
}

// faultTexts tells the fields that a file names in faults, and the texts that
// say what is wrong with one.
func faultTexts(tree *ast.File, field, why func(string)) {
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if of, ok := n.Type.(*ast.SelectorExpr); ok && of.Sel.Name == "Field" && len(n.Elts) > 0 {
				if pair, ok := n.Elts[0].(*ast.KeyValueExpr); ok {
					if name, ok := literal(pair.Value); ok {
						field(name)
					}
				}
			}
		case *ast.CallExpr:
			if called, ok := n.Fun.(*ast.SelectorExpr); ok && (called.Sel.Name == "New" || called.Sel.Name == "Errorf") {
				return false // errors of their own
			}
		case *ast.BasicLit:
			if text, ok := literal(n); ok && reason.MatchString(text) {
				why(text)
			}
		}
		return true
	})
}
