package snapshot

import (
	"encoding/binary"
)

// parser takes values off the front of a buffer; after the first that is cut short all are zero.
type parser struct {
	rest []byte
	bad  bool
}

func (p *parser) skip(n int) {
	if n <= 0 || n > len(p.rest) {
		p.bad, p.rest = true, nil
		return
	}
	p.rest = p.rest[n:]
}

func (p *parser) uvarint() uint64 {
	v, n := binary.Uvarint(p.rest)
	p.skip(n)
	return v
}

func (p *parser) varint() int64 {
	v, n := binary.Varint(p.rest)
	p.skip(n)
	return v
}

func (p *parser) digest() (d Digest) {
	if copy(d[:], p.rest) < len(d) {
		p.bad, p.rest = true, nil
		return d
	}
	p.rest = p.rest[len(d):]
	return d
}

func (p *parser) revision() revision { return revision{born: p.uvarint(), changes: p.uvarint()} }

func (p *parser) bytes() []byte {
	n := p.uvarint()
	if n > uint64(len(p.rest)) {
		p.bad = true
		return nil
	}
	text := p.rest[:n:n]
	p.rest = p.rest[n:]
	return text
}
