package protocol

// StreamDescriptor is what a stream is known by. An absent, a null and an empty namespace are the
// same.
type StreamDescriptor struct{ Namespace, Name string }

// Descriptor returns what the stream is known by.
func (s *ConfiguredStream) Descriptor() StreamDescriptor {
	return StreamDescriptor{s.Stream.Namespace, s.Stream.Name}
}

// descriptor scans a stream descriptor: name and namespace.
func (d *Decoder) descriptor(i int, namespace, name *[]byte, f *fault) int {
	*namespace, *name = nil, nil
	return d.descend(i, 4, func(key []byte, i int) int {
		switch string(d.plain(key)) {
		case "name":
			return d.text(i, name, f, "stream_descriptor.name")
		case "namespace":
			return d.text(i, namespace, f, "stream_descriptor.namespace")
		}
		return value(d.b, i, 4)
	})
}
