package engine

import (
	"fmt"
	"strings"

	"destination-webhook/destination/printable"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// names finds the streams of a catalog by what messages call them.
type names struct {
	full map[protocol.StreamDescriptor]*Stream
	bare map[string][]*Stream // by name alone
}

func newNames(streams []*Stream) names {
	n := names{full: make(map[protocol.StreamDescriptor]*Stream, len(streams)), bare: make(map[string][]*Stream, len(streams))}
	for _, s := range streams {
		n.full[s.Route.Stream] = s
		n.bare[s.Route.Stream.Name] = append(n.bare[s.Route.Stream.Name], s)
	}
	return n
}

// find returns a stream, nil if the catalog has none. Without a namespace it may be the only one of
// its name: PyAirbyte's cached write has the namespace in the catalog and not in its messages.
func (n *names) find(namespace, name []byte) *Stream {
	if s := n.full[protocol.StreamDescriptor{Namespace: string(namespace), Name: string(name)}]; s != nil || len(namespace) > 0 {
		return s
	}
	if same := n.bare[string(name)]; len(same) == 1 {
		return same[0]
	}
	return nil
}

// maxNamespaces is how many namespaces a message lists.
const maxNamespaces = 10

// unknown is the error of a message of a stream that find does not know.
func (n *names) unknown(line int64, kind string, namespace, name []byte) error {
	text := fmt.Sprintf("line %d of the input: a %s of stream %s, which is not in the catalog",
		line, kind, route.Title(protocol.StreamDescriptor{Namespace: string(namespace), Name: string(name)}))
	if same := n.bare[string(name)]; len(same) > 0 {
		return fmt.Errorf("%s: there the name exists %s; set the namespace of its messages to that", text, namespacesOf(same))
	}
	return fmt.Errorf("%s: refresh the source's schema in the connection, or check the file given with --catalog", text)
}

// namespacesOf says for people in which namespaces the streams are.
func namespacesOf(streams []*Stream) string {
	var in []string
	for _, s := range streams[:min(len(streams), maxNamespaces)] {
		if s.Route.Stream.Namespace == "" {
			in = append(in, "without a namespace")
		} else {
			in = append(in, "in namespace "+printable.Name(s.Route.Stream.Namespace))
		}
	}
	if more := len(streams) - len(in); more > 0 {
		in = append(in, fmt.Sprintf("in %d more", more))
	}
	return strings.Join(in, ", ")
}
