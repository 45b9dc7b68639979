package shape

import "strconv"

// random is a splitmix64 generator: small, and the same everywhere.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (r *random) below(n int) int { return int(r.next() % uint64(n)) }

func (r *random) of(words []string) string { return words[r.below(len(words))] }

var (
	people = []string{"Jane Doe", "Max Weber", "Zoë Brontë", "Li Wei", "José García", "Ann O'Neil", "Søren Kvist", "Иван Петров"}
	cities = []string{"Zürich", "New York", "São Paulo", "Oslo", "東京", "Kraków", "Lagos", "Cairo"}
	remark = []string{`said \"call me\"`, `line one\nline two`, `C:\\temp\\new`, `plain words`, `tab\tand \u00e9`, `50 % off / net`}
	labels = []string{"alpha", "beta", "gamma", "delta", "new", "vip", "eu-west"}
	lorem  = []string{"batch", "checkpoint", "delivery", "endpoint", "record", "of", "the", "and", "stream", "signed", "größer", "retry"}
)

func (r *random) narrow(dst []byte, i int) []byte {
	dst = number(dst, `{"id":`, i)
	dst = text(dst, `,"name":"`, r.of(people))
	dst = decimal(dst, `,"rate":`, r.below(1000), 2)
	return append(dst, '}')
}

func (r *random) typical(dst []byte, i int) []byte {
	dst = number(dst, `{"id":`, i)
	dst = r.hex(append(dst, `,"uuid":"`...), 36)
	dst = number(dst, `","email":"user.`, i)
	dst = text(dst, `@example.com","name":"`, r.of(people))
	dst = decimal(dst, `,"score":`, r.below(10_000), 2)
	dst = number(dst, `,"account":`, 9_007_199_254_740_993+r.below(1<<30))
	dst = flag(dst, `,"active":`, r.below(2) == 0)
	if dst = append(dst, `,"deleted_at":null,"referrer":`...); r.below(4) == 0 {
		dst = append(dst, "null"...)
	} else {
		dst = text(dst, `"`, r.of(labels))
	}
	dst = text(dst, `,"note":"`, r.of(remark))
	dst = text(dst, `,"tags":["`, r.of(labels))
	dst = text(dst, `,"`, r.of(labels))
	dst = text(dst, `,"`, r.of(labels))
	dst = text(dst, `],"address":{"city":"`, r.of(cities))
	dst = decimal(dst, `,"lat":`, r.below(9_000_000), 5)
	dst = decimal(dst, `,"lon":`, -r.below(18_000_000), 5)
	return append(dst, "}}"...)
}

func (r *random) wide(dst []byte, i int) []byte {
	dst = number(dst, `{"id":`, i)
	for column := range 60 {
		dst = number(dst, `,"column_`, column)
		switch dst = append(dst, `":`...); column % 4 {
		case 0:
			dst = strconv.AppendInt(dst, int64(r.below(1_000_000)), 10)
		case 1:
			dst = text(dst, `"`, r.of(people))
		case 2:
			dst = decimal(dst, "", r.below(1_000_000), 3)
		case 3:
			dst = append(r.hex(append(dst, '"'), 24), '"')
		}
	}
	dst = append(dst, `,"body":"`...)
	for range 358 {
		dst = append(append(dst, r.of(lorem)...), ' ')
	}
	return append(dst, `"}`...)
}

func number(dst []byte, key string, n int) []byte {
	return strconv.AppendInt(append(dst, key...), int64(n), 10)
}

// decimal appends n with the last of its digits after a decimal point.
func decimal(dst []byte, key string, n, places int) []byte {
	scale := 1.0
	for range places {
		scale *= 10
	}
	return strconv.AppendFloat(append(dst, key...), float64(n)/scale, 'f', -1, 64)
}

// text appends a string whose opening quote is in key.
func text(dst []byte, key, s string) []byte { return append(append(append(dst, key...), s...), '"') }

func flag(dst []byte, key string, b bool) []byte { return strconv.AppendBool(append(dst, key...), b) }

func (r *random) hex(dst []byte, n int) []byte {
	for word := uint64(0); n > 0; n-- {
		if n%16 == 0 || word == 0 {
			word = r.next() | 1<<63
		}
		dst = append(dst, "0123456789abcdef"[word&15])
		word >>= 4
	}
	return dst
}
