package redact

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
