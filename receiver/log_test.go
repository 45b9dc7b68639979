package receiver

import "testing"

func TestBytesText(t *testing.T) {
	tests := map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 12_345: "12.3 kB", 999_499: "999 kB", 999_600: "1 MB", 5e12: "5 TB"}
	for n, want := range tests {
		if got := bytesText(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
