package canonical

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// textEnd closes a string in the canonical form: no UTF-8 contains it, nor does the encoding of
// lone surrogates.
const textEnd = 0xff

// text reads a string and writes it without escapes.
func (c *Canonicalizer) text() error {
	c.pos++
	c.out = append(c.out, '"')
	for {
		rest := c.in[c.pos:]
		n := plain(rest)
		if n == len(rest) || rest[n] == textEnd {
			return errNotJSON
		}
		c.out = append(c.out, rest[:n]...)
		c.pos += n + 1
		if rest[n] == '"' {
			c.out = append(c.out, textEnd)
			return nil
		}
		if err := c.escape(); err != nil {
			return err
		}
	}
}

// plain returns how many bytes there are before a quote, a backslash or textEnd. It looks at eight
// bytes at a time: most strings are so short that calls of a search for each byte would cost more.
func plain(text []byte) int {
	const low, high = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(text); n += 8 {
		word := binary.LittleEndian.Uint64(text[n:])
		quote, backslash, end := word^('"'*low), word^('\\'*low), ^word // a byte that is meant is 0
		found := ((quote-low)&^quote | (backslash-low)&^backslash | (end-low)&^end) & high
		if found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(text); n++ {
		if b := text[n]; b == '"' || b == '\\' || b == textEnd {
			break
		}
	}
	return n
}

// shortEscapes maps the letter of an escape to its character.
var shortEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (c *Canonicalizer) escape() error {
	if c.pos >= len(c.in) {
		return errNotJSON
	}
	b := c.in[c.pos]
	c.pos++
	if b == 'u' {
		return c.unicode()
	}
	if shortEscapes[b] == 0 {
		return errNotJSON
	}
	c.out = append(c.out, shortEscapes[b])
	return nil
}

// unicode reads the hex digits of an escape, and those of its other half if it is a surrogate pair.
func (c *Canonicalizer) unicode() error {
	r, err := c.hex()
	if err != nil {
		return err
	}
	if isSurrogate(r, 0xd800) && bytes.HasPrefix(c.in[c.pos:], []byte(`\u`)) {
		before := c.pos
		c.pos += 2
		low, err := c.hex()
		if err != nil {
			return err
		}
		if isSurrogate(low, 0xdc00) {
			r = (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
		} else {
			c.pos = before
		}
	}
	c.rune(r)
	return nil
}

func (c *Canonicalizer) hex() (rune, error) {
	if len(c.in)-c.pos < 4 {
		return 0, errNotJSON
	}
	n, err := strconv.ParseUint(string(c.in[c.pos:c.pos+4]), 16, 16)
	if err != nil {
		return 0, errNotJSON
	}
	c.pos += 4
	return rune(n), nil
}

// isSurrogate reports whether r is in the 1024 code points from begin on.
func isSurrogate(r, begin rune) bool { return r&^0x3ff == begin }

// rune writes UTF-8, and a lone surrogate in the three bytes that UTF-8 would have for it: two
// different ones must stay different, whereas the standard library would make one replacement
// character of both.
func (c *Canonicalizer) rune(r rune) {
	if r&^0x7ff == 0xd800 {
		c.out = append(c.out, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0xbf, 0x80|byte(r)&0xbf)
		return
	}
	c.out = utf8.AppendRune(c.out, r)
}
