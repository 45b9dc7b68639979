package protocol

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// The scanner: one pass over a line, full RFC 8259 validation, no value built.
//
// Every function takes the text and the index where its construct begins and returns the index just
// after it, or, if the text is not JSON, the complement ^i of the index i of the first byte that
// cannot be: a negative number, so that a single comparison tells the two apart and errors cost
// nothing on the way.
//
// The text has to end in a newline. A newline cannot occur inside a line, so here it is not white
// space but the sentinel that every loop stops at: that is why no loop below compares its index
// with the length before it reads a byte. Reading eight bytes at a time, in str, is the exception.
//
// Stricter than the grammar in two places, where a receiver would choke: text must be valid UTF-8,
// and nesting ends at maxDepth. Looser in none. A lone surrogate written as an escape is
// grammatical and passes.

// maxDepth is the deepest nesting of arrays and objects in a line; encoding/json ends there too.
const maxDepth = 10_000

// sentinel ends every text the scanner sees.
const sentinel = '\n'

// value scans any JSON value at b[i]; depth counts the arrays and objects around it.
func value(b []byte, i, depth int) int {
	switch b[i] {
	case '"':
		return str(b, i+1)
	case '{':
		return anyObject(b, i, depth+1)
	case '[':
		return anyArray(b, i, depth+1)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return number(b, i)
	case 't':
		return literal(b, i, "true")
	case 'f':
		return literal(b, i, "false")
	case 'n':
		return literal(b, i, "null")
	}
	return ^i
}

// anyObject scans the object at b[i] and tells nobody what is in it.
func anyObject(b []byte, i, depth int) int {
	if depth > maxDepth {
		return ^i
	}
	if i = space(b, i+1); b[i] == '}' {
		return i + 1
	}
	for {
		if b[i] != '"' {
			return ^i
		}
		if i = str(b, i+1); i < 0 {
			return i
		}
		if b[i] != ':' {
			if i = space(b, i); b[i] != ':' {
				return ^i
			}
		}
		if i = value(b, space(b, i+1), depth); i < 0 {
			return i
		}
		if b[i] != ',' {
			if i = space(b, i); b[i] == '}' {
				return i + 1
			}
			if b[i] != ',' {
				return ^i
			}
		}
		i = space(b, i+1)
	}
}

func anyArray(b []byte, i, depth int) int {
	if depth > maxDepth {
		return ^i
	}
	if i = space(b, i+1); b[i] == ']' {
		return i + 1
	}
	for {
		if i = value(b, i, depth); i < 0 {
			return i
		}
		if i = space(b, i); b[i] == ']' {
			return i + 1
		}
		if b[i] != ',' {
			return ^i
		}
		i = space(b, i+1)
	}
}

// A member function is called by object for each member: with the key as it is between its quotes,
// and the index of the value, which it scans. It returns what a scan returns.
type member func(key []byte, i int) int

// object scans the object at b[i], handing each member to f.
func object(b []byte, i int, f member) int {
	if i = space(b, i+1); b[i] == '}' {
		return i + 1
	}
	return members(b, i, f)
}

// members scans the members of an object from the key at b[i] to the closing brace.
func members(b []byte, i int, f member) int {
	for {
		if b[i] != '"' {
			return ^i
		}
		end := str(b, i+1)
		if end < 0 {
			return end
		}
		key := b[i+1 : end-1]
		if i = space(b, end); b[i] != ':' {
			return ^i
		}
		if i = f(key, space(b, i+1)); i < 0 {
			return i
		}
		if i = space(b, i); b[i] == '}' {
			return i + 1
		}
		if b[i] != ',' {
			return ^i
		}
		i = space(b, i+1)
	}
}

// membersAfter goes on after the value of a member that has been scanned already.
func membersAfter(b []byte, i int, f member) int {
	if i = space(b, i); b[i] == '}' {
		return i + 1
	}
	if b[i] != ',' {
		return ^i
	}
	return members(b, space(b, i+1), f)
}

// space skips white space; the newline is the sentinel and stays.
func space(b []byte, i int) int {
	for b[i] <= ' ' && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// Eight bytes in one word, each compared at once: see str and digits.
const (
	ones   = 0x0101010101010101
	highs  = 0x80 * ones
	quotes = '"' * ones
	slants = '\\' * ones
	blanks = ' ' * ones
	twos   = 0x02 * ones
	sixes  = 0x06 * ones
	threes = 0x30 * ones
	tops   = 0xF0 * ones
)

// special marks, by its high bit, each of the word's bytes that needs a closer look: a quote, a
// control character, a backslash, or a byte of a multi-byte rune. Flipping the second bit turns the
// quote, 0x22, into 0x20 and leaves only it and the control characters below 0x21, so that
// subtracting that borrows and sets the high bit; a backslash becomes zero, and borrows when one is
// subtracted. The borrow can make the byte above look special too, never one below: the lowest mark
// is always true.
func special(w uint64) uint64 {
	return (((w ^ twos) - (ones + blanks)) | ((w ^ slants) - ones) | w) & highs
}

// str scans a string whose first byte after the opening quote is b[i].
//
// It looks at sixteen bytes at a time: most strings end among the first sixteen, so that how often
// the loop goes round is easily predicted.
func str(b []byte, i int) int {
	for {
		for i+16 <= len(b) {
			first := special(binary.LittleEndian.Uint64(b[i:]))
			second := special(binary.LittleEndian.Uint64(b[i+8:]))
			if first|second != 0 {
				at, marks := i, first
				if first == 0 {
					at, marks = i+8, second
				}
				i = at + bits.TrailingZeros64(marks)/8
				break
			}
			i += 16
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			if i = escape(b, i+1); i < 0 {
				return i
			}
		case c < ' ':
			return ^i
		case c < utf8.RuneSelf: // only in the last bytes of the text, where no sixteen are left
			i++
		default:
			for b[i] >= utf8.RuneSelf { // seldom one alone
				n := rune2(b, i)
				if n == 0 {
					return ^i
				}
				i += n
			}
		}
	}
}

// rune2 returns the length of the multi-byte rune at b[i], 0 if it is not valid UTF-8. Two
// bytes, and three outside the ranges with exceptions, are decided here; utf8 decides the rest.
func rune2(b []byte, i int) int {
	if c := b[i]; i+3 <= len(b) && b[i+1]&0xC0 == 0x80 {
		if c >= 0xC2 && c < 0xE0 {
			return 2
		}
		if c > 0xE0 && c < 0xF0 && c != 0xED && b[i+2]&0xC0 == 0x80 {
			return 3
		}
	}
	if _, n := utf8.DecodeRune(b[i:]); n > 1 {
		return n
	}
	return 0
}

// escape scans what follows a backslash.
func escape(b []byte, i int) int {
	switch b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		for n := 1; n <= 4; n++ {
			if !hex[b[i+n]] {
				return ^(i + n)
			}
		}
		return i + 5
	}
	return ^i
}

var hex = func() (t [256]bool) {
	for _, c := range "0123456789abcdefABCDEF" {
		t[c] = true
	}
	return t
}()

// number scans a number: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
func number(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	switch {
	case b[i] == '0':
		i++
	case b[i]-'0' <= 9:
		i = digits(b, i)
	default:
		return ^i
	}
	if b[i] == '.' {
		if i++; b[i]-'0' > 9 {
			return ^i
		}
		i = digits(b, i)
	}
	if b[i] == 'e' || b[i] == 'E' {
		if i++; b[i] == '+' || b[i] == '-' {
			i++
		}
		if b[i]-'0' > 9 {
			return ^i
		}
		i = digits(b, i)
	}
	return i
}

// digits skips decimal digits, eight at a time: what is not one has its high bit, or its high
// nibble is not 3, or adding six carries into the high nibble.
func digits(b []byte, i int) int {
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		if other := ((w & (w + sixes) & tops) ^ threes); other != 0 {
			return i + bits.TrailingZeros64(other)/8
		}
		i += 8
	}
	for b[i]-'0' <= 9 {
		i++
	}
	return i
}

// literal scans the word; the sentinel makes sure that a prefix of it at the end of the text does
// not match.
func literal(b []byte, i int, word string) int {
	for n := range len(word) {
		if b[i+n] != word[n] {
			return ^(i + n)
		}
	}
	return i + len(word)
}
