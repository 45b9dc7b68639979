package canonical

import (
	"bytes"
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
	end := bytes.IndexByte(c.in[c.pos:], '"')
	if end < 0 {
		return errNotJSON
	}
	plain := c.in[c.pos : c.pos+end]
	if bytes.IndexByte(plain, textEnd) >= 0 {
		return errNotJSON
	}
	if bytes.IndexByte(plain, '\\') >= 0 {
		return c.escaped()
	}
	c.out = append(append(c.out, plain...), textEnd)
	c.pos += end + 1
	return nil
}

// escaped reads a string with escapes from the byte after its opening quote.
func (c *Canonicalizer) escaped() error {
	for c.pos < len(c.in) {
		b := c.in[c.pos]
		c.pos++
		switch b {
		case '"':
			c.out = append(c.out, textEnd)
			return nil
		case '\\':
			if err := c.escape(); err != nil {
				return err
			}
		case textEnd:
			return errNotJSON
		default:
			c.out = append(c.out, b)
		}
	}
	return errNotJSON
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
