package canonical

import (
	"bytes"
	"strconv"
)

// number reads a number and writes its sign, its digits without zeros around them, and the exponent
// of the last digit, so that 1, 1.0, 10e-1 and 0.1E1 become one form. Nothing is rounded.
func (c *Canonicalizer) number() error {
	literal := c.in[c.pos:]
	n := 0
	for n < len(literal) && isNumeric(literal[n]) {
		n++
	}
	if n == 0 {
		return errNotJSON
	}
	c.pos += n
	return c.decimal(literal[:n])
}

func isNumeric(b byte) bool {
	return b-'0' <= 9 || b == '-' || b == '+' || b == '.' || b|0x20 == 'e'
}

func (c *Canonicalizer) decimal(literal []byte) error {
	begin := len(c.out)
	c.out = append(c.out, '#')
	digits, exponent, ok := splitExponent(literal)
	if !ok {
		// An exponent beyond 18 digits is left as it is: equal numbers of that kind may look
		// different, which costs a resend and hides nothing.
		c.out = append(append(c.out, '!'), literal...)
		return nil
	}
	if digits[0] == '-' {
		c.out = append(c.out, '-')
		digits = digits[1:]
	}
	first := len(c.out)
	for i, b := range digits {
		switch {
		case b == '.':
			exponent -= int64(len(digits) - i - 1)
		case b-'0' > 9:
			return errNotJSON
		case b != '0' || len(c.out) > first:
			c.out = append(c.out, b)
		}
	}
	kept := bytes.TrimRight(c.out[first:], "0")
	if len(kept) == 0 {
		c.out = append(c.out[:begin], '#', '0')
		return nil
	}
	exponent += int64(len(c.out) - first - len(kept))
	c.out = append(c.out[:first+len(kept)], 'e')
	c.out = strconv.AppendInt(c.out, exponent, 10)
	return nil
}

// splitExponent splits a number into digits and exponent. ok is false if the exponent is too long
// to count with.
func splitExponent(literal []byte) (digits []byte, exponent int64, ok bool) {
	at := bytes.IndexAny(literal, "eE")
	if at < 0 {
		return literal, 0, true
	}
	if at == 0 {
		return nil, 0, false
	}
	text := string(literal[at+1:])
	const room = 19 // a sign and 18 digits, so that the sum with a position stays within int64
	if len(text) > room {
		return nil, 0, false
	}
	exponent, err := strconv.ParseInt(text, 10, 64)
	return literal[:at], exponent, err == nil
}
