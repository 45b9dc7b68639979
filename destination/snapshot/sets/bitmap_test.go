package sets

import "testing"

func TestCut(t *testing.T) {
	for _, end := range []uint64{0, 1, 63, 64, 65, 128, 500} {
		var b, want Bitmap
		for n := range uint64(130) {
			b.Add(n)
			if n < end {
				want.Add(n)
			}
		}
		b.Cut(end)
		for n := range uint64(130) {
			if b.Has(n) != want.Has(n) {
				t.Errorf("cut at %d, the bitmap has %d: %v", end, n, b.Has(n))
			}
		}
	}
}

// A bitmap is read as it was written, and nothing else is read as one.
func TestBitmapIsWritten(t *testing.T) {
	var b Bitmap
	for _, n := range []uint64{0, 63, 64, 500} {
		b.Add(n)
	}
	text := b.Encode()
	read, ok := DecodeBitmap(text)
	if !ok || read.Count() != 4 || !read.Has(500) || read.Has(501) {
		t.Errorf("read %v, %v", read, ok)
	}
	if _, ok := DecodeBitmap(text[1:]); ok {
		t.Error("a text that was cut is read")
	}
}
