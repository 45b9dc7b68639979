package engine

import (
	"slices"

	"destination-webhook/destination/payload"
	"destination-webhook/protocol"
)

// lookahead reads the keys of a decoded block, so that a snapshot on another machine is asked for
// all of them at once, while the blocks before it are worked on. It belongs to one decoder.
type lookahead struct {
	names *names
	keys  map[*Stream]*payload.Keys
}

// newLookahead returns nil if no stream looks ahead.
func newLookahead(streams []*Stream, n *names) *lookahead {
	l := &lookahead{names: n, keys: map[*Stream]*payload.Keys{}}
	for _, s := range streams {
		if s.Audience != nil && s.Audience.LooksAhead() {
			l.keys[s] = payload.NewKeys(s.Route)
		}
	}
	if len(l.keys) == 0 {
		return nil
	}
	return l
}

// begin begins to look up the keys of messages, which it leaves as they are. release is called once
// they have been worked on.
func (l *lookahead) begin(ms protocol.Messages) (release func()) {
	var releases []func()
	for s, keys := range l.read(ms.Again()) {
		releases = append(releases, s.Audience.LookAhead(keys))
	}
	return func() {
		for _, release := range releases {
			release()
		}
	}
}

// read returns the keys of messages by stream.
func (l *lookahead) read(ms protocol.Messages) map[*Stream][]payload.Key {
	all := map[*Stream][]payload.Key{}
	var m protocol.Message
	for ms.Next(&m) == nil {
		if m.Type != protocol.TypeRecord {
			continue
		}
		s := l.names.find(m.Record.Namespace, m.Record.Stream)
		reader := l.keys[s]
		if reader == nil {
			continue
		}
		if k := reader.OfRecord(&m.Record); len(k.Sent) > 0 {
			all[s] = append(all[s], payload.Key{Sent: slices.Clone(k.Sent), Identity: slices.Clone(k.Identity)})
		}
	}
	return all
}
