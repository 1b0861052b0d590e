package httpapi

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	yaml "github.com/oasdiff/yaml3"
)

// orderedJSON turns one YAML document into JSON whose members stand in the order
// of the document. Aliases are refused.
func orderedJSON(document []byte) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := writeNode(jsontext.NewEncoder(&out), &root); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func writeNode(to *jsontext.Encoder, n *yaml.Node) error {
	switch n.Kind {
	case yaml.DocumentNode:
		return writeNode(to, n.Content[0])
	case yaml.MappingNode:
		return writeNodes(to, jsontext.BeginObject, jsontext.EndObject, n.Content)
	case yaml.SequenceNode:
		return writeNodes(to, jsontext.BeginArray, jsontext.EndArray, n.Content)
	case yaml.ScalarNode:
		return writeScalar(to, n)
	default:
		return fmt.Errorf("line %d: an alias has no form in JSON", n.Line)
	}
}

func writeNodes(to *jsontext.Encoder, begin, end jsontext.Token, nodes []*yaml.Node) error {
	if err := to.WriteToken(begin); err != nil {
		return err
	}
	for _, n := range nodes {
		if err := writeNode(to, n); err != nil {
			return err
		}
	}
	return to.WriteToken(end)
}

// writeScalar writes text, a number, true, false or null. A name in an object
// is text whatever it looks like.
func writeScalar(to *jsontext.Encoder, n *yaml.Node) error {
	if kind, length := to.StackIndex(to.StackDepth()); kind == '{' && length%2 == 0 {
		return to.WriteToken(jsontext.String(n.Value))
	}
	var value any
	if err := n.Decode(&value); err != nil {
		return err
	}
	return json.MarshalEncode(to, value)
}
