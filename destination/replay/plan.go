// Package replay determines what becomes of stored dead letters when they are sent again: the
// newest of each key goes out, unless the key was delivered since. It knows how rows are keyed, and
// not how they are sent.
package replay

import (
	"context"
	"errors"
	"slices"

	"destination-webhook/destination/deadletter"
	"destination-webhook/destination/payload"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// fate is what becomes of a dead letter.
type fate byte

const (
	kept      fate = iota // not selected, of no known stream, or unclear
	sent                  // it is sent again
	replaced              // a newer one of its key is
	delivered             // the endpoint got its key since
)

func (f fate) done() bool { return f != kept }

// Counts are numbers of dead letters.
type Counts struct {
	Sent, Replaced, Delivered int
	Unknown                   int // of streams that the catalog does not have
	Unclear                   int // whether the endpoint got their keys since is not known
	Unreadable                int // lines that are no dead letters
	InUse                     int // files that a sync still writes
}

// Plan says what becomes of each dead letter of an archive. One goroutine uses it.
type Plan struct {
	Counts Counts

	archive deadletter.Archive
	filter  Filter
	streams map[protocol.StreamDescriptor]*Stream
	files   []file
	newest  map[string]place // by stream and key
	retries map[string]place // the newest letter of each row that later syncs try again, by its id
}

// Stream is one to which letters may belong.
type Stream struct {
	Route *route.Route
	// DeliveredSince reports whether the endpoint got a row of the key since the letter's row was
	// rejected, see audience.Audience; nil if nobody knows.
	DeliveredSince func(key payload.Key, before []byte) (since, known bool, err error)

	keys *payload.Keys
}

type file struct {
	name  string
	fates []fate // of its lines
}

type place struct{ file, line int }

// New plans to send the letters of an archive again that f selects.
func New(ctx context.Context, archive deadletter.Archive, f Filter, streams []Stream) (*Plan, error) {
	p := &Plan{archive: archive, filter: f, streams: map[protocol.StreamDescriptor]*Stream{}, newest: map[string]place{}, retries: map[string]place{}}
	for _, s := range streams {
		s.keys = payload.NewKeys(s.Route)
		p.streams[s.Route.Stream] = &s
	}
	names, err := archive.Names(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		err := p.add(ctx, name)
		if errors.Is(err, deadletter.ErrInUse) {
			p.Counts.InUse++
		} else if err != nil {
			return nil, err
		}
	}
	return p, p.leaveOut(ctx)
}

func (p *Plan) add(ctx context.Context, name string) error {
	p.files = append(p.files, file{name: name})
	f := &p.files[len(p.files)-1]
	return p.archive.Read(ctx, name, func(line []byte) error {
		f.fates = append(f.fates, kept)
		p.choose(line, place{len(p.files) - 1, len(f.fates) - 1})
		return nil
	})
}

// choose selects a letter, in place of an older one of its key. An older one is never sent, even if
// the newest is not selected.
func (p *Plan) choose(line []byte, at place) {
	if ids, ok := deadletter.ParseResolved(line); ok {
		p.leaveOutResolved(ids)
		return
	}
	letter, err := deadletter.Parse(line)
	if err != nil {
		p.Counts.Unreadable++
		return
	}
	s, selected := p.streams[letter.Stream], p.filter.Selects(letter)
	if s == nil {
		if selected {
			p.Counts.Unknown++
		}
		return
	}
	key := s.keys.Of(letter.Data)
	if selected && p.filter.selectsKey(key.Sent) {
		p.set(at, sent)
	}
	p.replaceRetry(letter.Rejection.Retry.ID, at)
	if len(key.Sent) == 0 {
		return
	}
	name := letter.Stream.Namespace + "\x00" + letter.Stream.Name + "\x00" + string(key.ID())
	if older, ok := p.newest[name]; ok && p.fate(older) == sent {
		p.set(older, replaced)
	}
	p.newest[name] = at
}

// replaceRetry puts a letter in place of an older one of the same row.
func (p *Plan) replaceRetry(id string, at place) {
	if id == "" {
		return
	}
	if older, ok := p.retries[id]; ok && p.fate(older) == sent {
		p.set(older, replaced)
	}
	p.retries[id] = at
}

// leaveOutResolved leaves out rows that a sync has delivered since, or replaced.
func (p *Plan) leaveOutResolved(ids []string) {
	for _, id := range ids {
		if at, ok := p.retries[id]; ok && p.fate(at) == sent {
			p.set(at, delivered)
		}
	}
}

func (p *Plan) fate(of place) fate { return p.files[of.file].fates[of.line] }

// set gives a letter its fate.
func (p *Plan) set(at place, to fate) {
	f := &p.files[at.file].fates[at.line]
	p.count(*f, -1)
	*f = to
	p.count(to, 1)
}

func (p *Plan) count(f fate, n int) {
	switch f {
	case kept:
	case sent:
		p.Counts.Sent += n
	case replaced:
		p.Counts.Replaced += n
	case delivered:
		p.Counts.Delivered += n
	}
}

// eachSent calls f with each letter that is to be sent, until it returns an error.
func (p *Plan) eachSent(ctx context.Context, f func(line []byte, at place) error) error {
	for i := range p.files {
		if !slices.Contains(p.files[i].fates, sent) {
			continue
		}
		n := -1
		err := p.archive.Read(ctx, p.files[i].name, func(line []byte) error {
			if n++; n >= len(p.files[i].fates) || p.files[i].fates[n] != sent {
				return nil
			}
			return f(line, place{i, n})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// leaveOut leaves out the letters whose keys were delivered since.
func (p *Plan) leaveOut(ctx context.Context) error {
	return p.eachSent(ctx, func(line []byte, at place) error {
		letter, err := deadletter.Parse(line)
		if err != nil {
			return err // it was read before
		}
		s := p.streams[letter.Stream]
		key := s.keys.Of(letter.Data)
		if s.DeliveredSince == nil || len(key.Sent) == 0 {
			return nil
		}
		since, known, err := s.DeliveredSince(key, letter.Rejection.Before)
		switch {
		case err != nil:
			return err
		case !known:
			p.Counts.Unclear++
			p.set(at, kept)
		case since:
			p.set(at, delivered)
		}
		return nil
	})
}

// MoveDone puts aside what is sent, replaced or was delivered since.
func (p *Plan) MoveDone(ctx context.Context) error {
	for i := range p.files {
		f := &p.files[i]
		if !slices.ContainsFunc(f.fates, fate.done) {
			continue
		}
		done := func(line int) bool { return line < len(f.fates) && f.fates[line].done() }
		if err := p.archive.MoveDone(ctx, f.name, done); err != nil {
			return err
		}
	}
	return nil
}
