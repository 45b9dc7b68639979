package canonical

import (
	"encoding/json"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestAppendNumber(t *testing.T) {
	for number, want := range map[string]string{
		"1": "1", "1.0": "1", "1e0": "1", "10E-1": "1", "-0": "0", "-0.0e5": "0", "0": "0", "-1.50": "-1.5", "0.001": "0.001", "1e-3": "0.001",
		"12e2": "1200", "1200.00": "1200", "123.45": "123.45", "12345e-2": "123.45", "9007199254740993.0": "9007199254740993",
		"1e400": "1e400", "10e399": "1e400", "-1e-400": "-1e-400", "1e99999999999999999999": "1e99999999999999999999",
	} {
		if got := string(appendNumber(nil, []byte(number))); got != want {
			t.Errorf("%s becomes %s, want %s", number, got, want)
		}
	}
}

// Two numbers have one form if they are equal, and the form is a number equal to both. What is
// plain is its own form.
func TestEqualNumbersHaveOneForm(t *testing.T) {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,3}|[1-9]0{60,70})(\.[0-9]{1,3}0{0,2})?([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		formA, formB := string(appendNumber(nil, []byte(a))), string(appendNumber(nil, []byte(b)))
		if equal := rat(t, a).Cmp(rat(t, b)) == 0; equal != (formA == formB) {
			t.Fatalf("%s and %s are equal: %v, and have the forms %s and %s", a, b, equal, formA, formB)
		}
		if !json.Valid([]byte(formA)) || rat(t, a).Cmp(rat(t, formA)) != 0 {
			t.Fatalf("%s becomes %s", a, formA)
		}
		if IsPlain([]byte(a)) && formA != a {
			t.Fatalf("%s is plain, and becomes %s", a, formA)
		}
	})
}

func rat(t *rapid.T, number string) *big.Rat {
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		t.Fatalf("%s is no number", number)
	}
	return r
}

func TestAppendKey(t *testing.T) {
	var c Canonicalizer
	for _, equal := range [][]string{
		{`"1"`, `"1.0"`, `"1e0"`},
		{`["1","x"]`, `["1.0","x"]`},
		{`["7",null]`, `["7.0",null]`},
		{`["7","null"]`},
		{`"{\"a\":1,\"b\":2}"`, `"{\"b\":2.0,\"a\":1}"`},
		{`["[1]"]`, `["[1.0]"]`},
		{`"a"`}, {`""`}, {`"1 "`}, {`"007"`}, {`"1.0.0"`}, {`"true"`}, {`"[1"`}, {`"\ud800"`}, {`["1.0.0","b"]`},
	} {
		want := string(c.AppendKey(nil, []byte(equal[0])))
		for _, key := range equal {
			if got := string(c.AppendKey(nil, []byte(key))); got != want {
				t.Errorf("%s becomes %q, and %s %q", equal[0], want, key, got)
			}
		}
		if len(equal) == 1 && want != equal[0] {
			t.Errorf("%s becomes %q", equal[0], want)
		}
	}
}
