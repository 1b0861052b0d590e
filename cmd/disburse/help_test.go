package main

import (
	"bufio"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestExamplesInHelpTextsParse keeps the examples true when commands change.
func TestExamplesInHelpTextsParse(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&commands{}, kong.Name("disburse"), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	var walk func(node *kong.Node)
	walk = func(node *kong.Node) {
		lines := bufio.NewScanner(strings.NewReader(node.Detail))
		for lines.Scan() {
			example, found := strings.CutPrefix(lines.Text(), "    disburse ")
			if !found {
				continue
			}
			examples++
			if err := forget(parser); err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(words(example)); err != nil {
				t.Errorf("%s: disburse %s: %v", node.FullPath(), example, err)
			}
		}
		for _, child := range node.Children {
			walk(child)
		}
	}
	walk(parser.Model.Node)
	if examples < 20 {
		t.Errorf("found %d examples, want those of all commands", examples)
	}
}

// forget makes a parser as good as new, which takes longer to make than all of
// the examples to parse: flags would keep that an earlier line set them.
func forget(parser *kong.Kong) error {
	return kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if value, ok := node.(*kong.Value); ok {
			value.Set = false
		}
		return next(nil)
	})
}

// words splits a line as a shell does, as far as double quotes.
func words(line string) (words []string) {
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}
