package postgres

import "crypto/sha256"

// maxIndexed is how long a key is indexed as it is, in bytes. An index of PostgreSQL takes about
// 2,700.
const maxIndexed = 1000

// indexed returns a key as the index has it. A key that is too long for it has its beginning and
// its SHA-256 there, and all of it in a column of its own, which is nil for others.
func indexed(key []byte) (short, long []byte) {
	if len(key) <= maxIndexed {
		return key, nil
	}
	sum := sha256.Sum256(key)
	return append(key[:maxIndexed:maxIndexed], sum[:]...), key
}

// indexedAll returns keys as the index has them.
func indexedAll(keys [][]byte) [][]byte {
	short := make([][]byte, len(keys))
	for i := range keys {
		short[i], _ = indexed(keys[i])
	}
	return short
}
