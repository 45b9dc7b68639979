package redact

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
