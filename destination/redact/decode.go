package redact

// alphabet is an encoding of bytes as digits, in which each byte is spread over exactly two digits.
type alphabet struct {
	values [256]int8
	bits   int // of a digit
	period int // digits after which a byte begins at the beginning of a digit again
	begun  int // shortest decoded beginning of a secret that is masked at the end of a cut text
}

// What a character is that is not a digit.
const (
	foreign = -1 - iota // ends a run of digits
	blank               // is skipped: encoded text is often folded
	padding             // belongs to the byte before
)

// alphabets are those that texts are decoded with. In the last one a blank is the digit that a plus
// was before a server took it for a query's.
var alphabets = []*alphabet{
	newAlphabet(" \t\r\n:", map[string]int8{"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8, "9": 9,
		"aA": 10, "bB": 11, "cC": 12, "dD": 13, "eE": 14, "fF": 15}),
	newBase64(" \t\r\n", "+-"),
	newBase64("\t\r\n", " "),
}

func newBase64(blanks, plus string) *alphabet {
	digits := map[string]int8{plus: 62, "/_": 63}
	for i := range int8(26) {
		digits[string('A'+rune(i))], digits[string('a'+rune(i))] = i, 26+i
	}
	for i := range int8(10) {
		digits[string('0'+rune(i))] = 52 + i
	}
	a := newAlphabet(blanks, digits)
	a.values['='] = padding
	return a
}

func newAlphabet(blanks string, digits map[string]int8) *alphabet {
	a := &alphabet{bits: 4, period: 2, begun: 2}
	if len(digits) > 16 {
		a.bits, a.period, a.begun = 6, 4, 3
	}
	for i := range a.values {
		a.values[i] = foreign
	}
	for i := range len(blanks) {
		a.values[blanks[i]] = blank
	}
	for characters, value := range digits {
		for i := range len(characters) {
			a.values[characters[i]] = value
		}
	}
	return a
}

// boundary separates decoded runs of digits. It occurs in no UTF-8 text.
const boundary = 0xFF

// decoded is what the runs of digits in a text mean, with a boundary after each run.
type decoded struct {
	bytes []byte
	from  []span // the characters that spell each byte
}

// read replaces d by what text means without the first skip digits of each run. A secret within an
// encoded text begins at any digit, so callers try every skip below the period.
func (d *decoded) read(a *alphabet, text string, skip int) {
	var (
		acc   uint32
		bits  int
		last  int // the digit before
		ahead = skip
	)
	bytes, from := d.bytes[:0], d.from[:0]
	for i := range len(text) {
		switch value := a.values[text[i]]; {
		case value >= 0 && ahead == 0:
			acc, bits = acc<<a.bits|uint32(value), bits+a.bits
			if bits >= 8 {
				bits -= 8
				bytes, from = append(bytes, byte(acc>>bits)), append(from, span{last, i + 1})
			}
			last = i
		case value >= 0:
			ahead--
		case value == padding:
			if n := len(from); n > 0 && from[n-1].to == i {
				from[n-1].to = i + 1
			}
			bits, ahead = 0, skip
		case value != blank:
			bytes, from = append(bytes, boundary), append(from, span{i, i + 1})
			bits, ahead = 0, skip
		}
	}
	d.bytes, d.from = bytes, from
}

// promising reports whether d has a secret, or text that may contain an escaped or encoded one. For
// most texts it has neither, and is not looked at further.
func (d *decoded) promising(known *automaton, begun int) bool {
	m, r := matcher{known: known}, reader{}
	for i, b := range d.bytes {
		utf16 := b == 0 && i >= 2 && d.bytes[i-2] == 0
		if m.next(b) > 0 || r.next(b) >= minReadable || utf16 {
			return true
		}
	}
	return m.begun() >= begun
}

// view returns d as a view of what v is one of.
func (d *decoded) view(v view, a *alphabet) view {
	out := view{text: string(d.bytes), from: make([]span, len(d.from)), end: v.end, begun: a.begun}
	for i, s := range d.from {
		out.from[i] = span{v.at(s.from).from, v.at(s.to - 1).to}
	}
	return out
}

// minReadable is the length from which decoded bytes are taken for text. Decoding what is not
// encoded gives arbitrary bytes, which seldom look like that for long.
const minReadable = 8

// reader follows a text byte by byte.
type reader struct {
	length int // of the readable text that the text ends with
	ahead  int // continuation bytes that are due
}

// next takes the next byte, and returns the length of the readable text that the text now ends
// with.
func (r *reader) next(b byte) int {
	readable := true
	switch {
	case r.ahead > 0:
		r.ahead--
		readable = b&0xC0 == 0x80
	case b < 0x80: // NUL is text, as a half of UTF-16
		readable = b >= ' ' && b != 0x7F || b == 0 || b == '\t' || b == '\r' || b == '\n'
	case b >= 0xC2 && b < 0xE0:
		r.ahead = 1
	case b >= 0xE0 && b < 0xF0:
		r.ahead = 2
	case b >= 0xF0 && b < 0xF5:
		r.ahead = 3
	default:
		readable = false
	}
	if r.length++; !readable {
		*r = reader{}
	}
	return r.length
}

// readable returns the view without bytes that are not text.
func (v view) readable() view {
	out := view{begun: v.begun, end: v.end}
	var text []byte
	var r reader
	for i := range len(v.text) {
		before := r.length
		r.next(v.text[i])
		switch from := i - before; {
		case r.length == 0 && before >= minReadable:
			text, out.from = append(append(text, v.text[from:i]...), boundary), append(out.from, v.from[from:i+1]...)
		case i == len(v.text)-1 && r.length >= minReadable:
			text, out.from = append(text, v.text[from:]...), append(out.from, v.from[from:]...)
		}
	}
	out.text = string(text)
	return out
}
