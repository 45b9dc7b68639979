package canonical

import (
	"bytes"
	"errors"
	"slices"
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
	c.out = append(c.out, '#')
	first := len(c.out)
	out, exponent, err := appendDigits(c.out, literal)
	if errors.Is(err, errLongExponent) {
		// It is left as it is: equal numbers of that kind may look different, which costs a resend
		// and hides nothing.
		c.out = append(append(c.out, '!'), literal...)
		return nil
	}
	if err != nil {
		return err
	}
	if c.out = out; len(out)-first == 1 && out[first] == '0' {
		return nil
	}
	c.out = strconv.AppendInt(append(c.out, 'e'), exponent, 10)
	return nil
}

var errLongExponent = errors.New("an exponent of more than 18 digits")

// appendDigits appends the sign and the digits of a number without zeros around them, and returns
// the exponent of the last digit. Zero is "0".
func appendDigits(dst, literal []byte) (out []byte, exponent int64, err error) {
	begin := len(dst)
	digits, exponent, ok := splitExponent(literal)
	if !ok {
		return dst, 0, errLongExponent
	}
	if digits[0] == '-' {
		dst = append(dst, '-')
		digits = digits[1:]
	}
	first := len(dst)
	for i, b := range digits {
		switch {
		case b == '.':
			exponent -= int64(len(digits) - i - 1)
		case b-'0' > 9:
			return dst[:begin], 0, errNotJSON
		case b != '0' || len(dst) > first:
			dst = append(dst, b)
		}
	}
	kept := bytes.TrimRight(dst[first:], "0")
	if len(kept) == 0 {
		return append(dst[:begin], '0'), 0, nil
	}
	exponent += int64(len(dst) - first - len(kept))
	return dst[:first+len(kept)], exponent, nil
}

// splitExponent splits a number into digits and exponent. ok is false if the exponent is too long
// to count with.
func splitExponent(literal []byte) (digits []byte, exponent int64, ok bool) {
	at := slices.IndexFunc(literal, func(b byte) bool { return b|0x20 == 'e' })
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
