package protocol

// StreamDescriptor is what a stream is known by. An absent, a null and an empty namespace are the
// same.
type StreamDescriptor struct{ Namespace, Name string }

// Descriptor returns what the stream is known by.
func (s *ConfiguredStream) Descriptor() StreamDescriptor {
	return StreamDescriptor{s.Stream.Namespace, s.Stream.Name}
}
