package engine

import (
	"destination-webhook/destination/audience"
	"destination-webhook/destination/payload"
	"destination-webhook/protocol"
)

// lookahead prepares the records of a decoded block for the comparison with a snapshot, while the
// owner of the sync works on the blocks before it. Only the comparison itself is bound to the
// order of the rows, and what costs most is not. It belongs to one decoder.
type lookahead struct {
	names   *names
	streams map[*Stream]*audience.Ahead // nil: the stream is not compared
	touched []*audience.Ahead           // by the current block
}

// newLookahead returns nil if there is nothing to gain.
func newLookahead(streams []*Stream, n *names) *lookahead {
	for _, s := range streams {
		if s.Audience != nil && (decoders() > 1 || s.Audience.LooksAhead()) {
			return &lookahead{names: n, streams: map[*Stream]*audience.Ahead{}}
		}
	}
	return nil
}

// prepare appends the digests of the records among messages, which it leaves as they are, and
// begins to look up their keys. release is called once they have been worked on.
func (l *lookahead) prepare(digests []payload.Digest, ms protocol.Messages) (_ []payload.Digest, release func()) {
	var m protocol.Message
	l.touched = l.touched[:0]
	var ahead *audience.Ahead
	for ms.Next(&m) == nil {
		if m.Type != protocol.TypeRecord {
			continue
		}
		if !m.Record.SameStream {
			ahead = l.of(&m.Record)
		}
		var digest payload.Digest
		if ahead != nil {
			digest = ahead.Add(&m.Record)
		}
		digests = append(digests, digest)
	}
	return digests, l.lookUp()
}

// of returns what prepares the records of the stream that a record is of, nil if nothing does.
func (l *lookahead) of(r *protocol.Record) *audience.Ahead {
	s := l.names.find(r.Namespace, r.Stream)
	if s == nil || s.Audience == nil {
		return nil
	}
	ahead := l.streams[s]
	if ahead == nil {
		ahead = s.Audience.NewAhead()
		l.streams[s] = ahead
	}
	l.touched = append(l.touched, ahead)
	return ahead
}

// lookUp begins to look up the keys of the current block.
func (l *lookahead) lookUp() (release func()) {
	var releases []func()
	for _, ahead := range l.touched {
		if release := ahead.LookUp(); release != nil {
			releases = append(releases, release)
		}
	}
	return func() {
		for _, release := range releases {
			release()
		}
	}
}
