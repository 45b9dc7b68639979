package canonical

import (
	"bytes"
	"errors"
	"fmt"
)

// Canonicalizer writes JSON in a form that is the same for equal content: members are sorted by
// name and only the last of equal names is kept, strings have no escapes, numbers are exact decimal
// digits and an exponent. The form is compact and unambiguous but it is not JSON.
//
// It relies on the protocol's reader for validity: for text that is not JSON it returns an error or
// some form, and never panics. Its buffers are reused from row to row, so it is for one goroutine.
// The zero value is ready.
type Canonicalizer struct {
	in      []byte
	pos     int
	out     []byte
	members []member
	sorted  []byte
	orders  orders // of the value before
	ordered []member

	postponed []object // by their ends: inner ones first
	kept      []member // of the postponed objects
	moved     int      // bytes that were copied to put members in order, for the test of its bound
}

// member is the span of one object member in Canonicalizer.out; its name ends where its value
// begins.
type member struct{ name, value, end int }

// maxDepth is the nesting limit of the protocol's reader.
const maxDepth = 10_000

var errNotJSON = errors.New("not JSON")

// AppendForm appends the canonical form of one JSON value to buf.
func (c *Canonicalizer) AppendForm(buf, text []byte) ([]byte, error) {
	c.in, c.pos, c.out, c.members = text, 0, buf, c.members[:0]
	c.postponed, c.kept, c.moved = c.postponed[:0], c.kept[:0], 0
	c.orders.next = 0
	err := c.value(0)
	if err == nil && c.next() != 0 {
		err = errNotJSON
	}
	if err != nil {
		return buf, fmt.Errorf("reading a row at byte %d: %w", c.pos, err)
	}
	c.rearrange(len(buf))
	return c.out, nil
}

func (c *Canonicalizer) value(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	switch c.next() {
	case '{':
		return c.object(depth)
	case '[':
		return c.array(depth)
	case '"':
		return c.text()
	case 't':
		return c.literal("true")
	case 'f':
		return c.literal("false")
	case 'n':
		return c.literal("null")
	default:
		return c.number()
	}
}

// next skips white space and returns the byte after it, 0 at the end.
func (c *Canonicalizer) next() byte {
	for ; c.pos < len(c.in); c.pos++ {
		if b := c.in[c.pos]; b > ' ' {
			return b
		}
	}
	return 0
}

func (c *Canonicalizer) literal(word string) error {
	if !bytes.HasPrefix(c.in[c.pos:], []byte(word)) {
		return errNotJSON
	}
	c.pos += len(word)
	c.out = append(c.out, word[0])
	return nil
}

func (c *Canonicalizer) array(depth int) error {
	c.pos++
	c.out = append(c.out, '[')
	for first := true; ; first = false {
		more, err := c.more(first, ']')
		if err != nil || !more {
			return err
		}
		if err := c.value(depth + 1); err != nil {
			return err
		}
	}
}

// more reads what separates two elements, or the closing bracket, which it writes.
func (c *Canonicalizer) more(first bool, closing byte) (bool, error) {
	switch b := c.next(); {
	case b == closing:
		c.pos++
		c.out = append(c.out, closing)
		return false, nil
	case first && b != 0:
		return true, nil
	case b == ',':
		c.pos++
		return true, nil
	}
	return false, errNotJSON
}

func (c *Canonicalizer) object(depth int) error {
	c.pos++
	c.out = append(c.out, '{')
	begin, own, number := len(c.out), len(c.members), c.orders.next
	c.orders.next++
	for first := true; ; first = false {
		more, err := c.more(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := c.member(depth); err != nil {
			return err
		}
	}
	c.sort(number, begin, c.members[own:])
	c.members = c.members[:own]
	return nil
}

func (c *Canonicalizer) member(depth int) error {
	m := member{name: len(c.out)}
	if c.next() != '"' {
		return errNotJSON
	}
	if err := c.text(); err != nil {
		return err
	}
	if c.next() != ':' {
		return errNotJSON
	}
	c.pos++
	m.value = len(c.out)
	if err := c.value(depth + 1); err != nil {
		return err
	}
	m.end = len(c.out)
	c.members = append(c.members, m)
	return nil
}
