package protocol

import (
	"bytes"
	"errors"
)

// notNumbers are what some sources write for numbers that JSON does not have. None begins with
// another one.
var notNumbers = [][]byte{[]byte("NaN"), []byte("Infinity"), []byte("-Infinity")}

const notNumbersProblem = "not valid JSON: NaN and Infinity are no JSON numbers: have the source send null or a text"

// notNumberAt returns the length of the NaN or Infinity at the start of b; 0 if there is none.
func notNumberAt(b []byte) int {
	for _, n := range notNumbers {
		if bytes.HasPrefix(b, n) {
			return len(n)
		}
	}
	return 0
}

// keepFaulty keeps the record of the line that err ended, with NaN and Infinity as texts and err as
// its fault. It reports false if that is not all that is wrong with the line, or it is no record.
func (d *Decoder) keepFaulty(ms *Messages, err error) bool {
	fault := (*SyntaxError)(nil)
	if !errors.As(err, &fault) || notNumberAt(d.b[fault.Offset:]) == 0 {
		return false
	}
	quoted, m := Decoder{begun: true}, Message{}
	quoted.Reset(quoteNotNumbers(d.b[:bytes.IndexByte(d.b, sentinel)+1]))
	if quoted.Next(&m) != nil || m.Type != TypeRecord {
		return false
	}
	m.Record.Fault = fault
	d.skipped.understood = true
	ms.items = append(ms.items, item{line: uint32(fault.Line)})
	ms.others = append(ms.others, m)
	return true
}

// quoteNotNumbers returns a copy of a line with NaN and Infinity as strings.
func quoteNotNumbers(line []byte) []byte {
	quoted := make([]byte, 0, len(line)+len(line)/4)
	for i := 0; i < len(line); {
		n := notNumberAt(line[i:])
		switch {
		case n > 0:
			quoted = append(append(append(quoted, '"'), line[i:i+n]...), '"')
		case line[i] == '"':
			n = stringLength(line[i:])
			quoted = append(quoted, line[i:i+n]...)
		default:
			n = 1
			quoted = append(quoted, line[i])
		}
		i += n
	}
	return quoted
}

// stringLength returns the length of the string at the start of b with its quotes; that of b if it
// does not end.
func stringLength(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}
