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
	newAlphabet(4, " \t\r\n:", "0123456789abcdef", "0123456789ABCDEF"),
	newAlphabet(6, " \t\r\n", letters+"+/", letters+"-_"),
	newAlphabet(6, "\t\r\n", letters+" /", letters+" _"),
}

// letters are the digits that all spellings of base64 have.
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// newAlphabet returns an alphabet whose digits are those of any of the spellings.
func newAlphabet(bits int, blanks string, spellings ...string) *alphabet {
	a := &alphabet{bits: bits, period: 2, begun: minSecret * bits / 8}
	for a.period*bits%8 != 0 {
		a.period++
	}
	for i := range a.values {
		a.values[i] = foreign
	}
	for i := range len(blanks) {
		a.values[blanks[i]] = blank
	}
	for _, digits := range spellings {
		for i := range len(digits) {
			a.values[digits[i]] = int8(i)
		}
	}
	if bits == 6 {
		a.values['='] = padding
	}
	return a
}
