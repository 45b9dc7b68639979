package engine

import "destination-webhook/protocol"

// estimates are how many records the source expects to send of each stream; that of all streams
// together has no name.
type estimates map[protocol.StreamDescriptor]int64

// note keeps the latest estimate.
func (e *estimates) note(t *protocol.Estimate) {
	if *e == nil {
		*e = make(estimates)
	}
	(*e)[protocol.StreamDescriptor{Namespace: string(t.Namespace), Name: string(t.Stream)}] = t.Records
}

// total returns how many records are expected in all, 0 if that is not known.
func (e estimates) total() (records int64) {
	if all := e[protocol.StreamDescriptor{}]; all > 0 {
		return all
	}
	for _, n := range e {
		records += n
	}
	return records
}
