package payload

import "testing"

// Whether a row has an operation is seen at its end, if that is sure, and else by reading it.
func TestEndsAfterData(t *testing.T) {
	for row, want := range map[string]bool{
		`{"data":{"id":1},"primary_key":"1"}`:                                  true,
		`{"data":{"id":1},"primary_key":""}`:                                   true,
		`{"data":{"id":1},"operation":"removed","primary_key":"1"}`:            false,
		`{"data":{"id":1},"operation":"removed"}`:                              false,
		`{"data":{"id":1}}`:                                                    false,
		`{"data":{"a":{},"primary_key":"1"}}`:                                  false,
		`{"data":{"a":{},"primary_key":"1"},"operation":"added"}`:              false,
		`{"data":{},"operation":"removed","primary_key":"},\"primary_key\":"}`: false,
		`{"data":{"id":1},"primary_key":["1","2"]}`:                            false, // it is read
		`"}`: false,
		``:   false,
	} {
		if got := endsAfterData([]byte(row)); got != want {
			t.Errorf("%s: %v, want %v", row, got, want)
		}
	}
}
