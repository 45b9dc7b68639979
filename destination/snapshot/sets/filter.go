package sets

import "hash/maphash"

// Filter knows keys without holding them: what it has not is certain, what it has is likely. It is
// a chain of Bloom filters, each larger than the one before, whose keys have their bits in one word
// of memory.
type Filter struct {
	seed   maphash.Seed
	layers [][]uint64
	room   int // keys that still go into the last layer
}

const (
	firstLayer = 1 << 12 // words
	layerRate  = 4       // how much larger a layer is than the one before
	// keysPerWord leaves 16 bits a key, with which about one in a hundred unknown keys is taken for
	// a known one.
	keysPerWord = 4
)

// NewFilter returns an empty filter.
func NewFilter() *Filter { return &Filter{seed: maphash.MakeSeed()} }

// Has reports whether a key may have been added.
func (f *Filter) Has(key []byte) bool { return f.hasHash(maphash.Bytes(f.seed, key)) }

func (f *Filter) hasHash(hash uint64) bool {
	mask := bitsOf(hash)
	for _, layer := range f.layers {
		if layer[wordOf(hash, len(layer))]&mask == mask {
			return true
		}
	}
	return false
}

// Add adds a key.
func (f *Filter) Add(key []byte) {
	hash := maphash.Bytes(f.seed, key)
	if f.hasHash(hash) {
		return
	}
	if f.room == 0 {
		f.grow()
	}
	last := f.layers[len(f.layers)-1]
	last[wordOf(hash, len(last))] |= bitsOf(hash)
	f.room--
}

func (f *Filter) grow() {
	words := firstLayer
	if n := len(f.layers); n > 0 {
		words = layerRate * len(f.layers[n-1])
	}
	f.layers = append(f.layers, make([]uint64, words))
	f.room = words * keysPerWord
}

// wordOf uses the low bits of a hash; the number of words is a power of two.
func wordOf(hash uint64, words int) int { return int(hash & uint64(words-1)) } //nolint:gosec // below the number of words

// bitsOf sets up to five bits of a word by the high bits of a hash.
func bitsOf(hash uint64) uint64 {
	mask := uint64(0)
	for shift := 34; shift < 64; shift += 6 {
		mask |= 1 << (hash >> shift & 63)
	}
	return mask
}
