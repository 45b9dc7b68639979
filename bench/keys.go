package main

import "math/rand"

// keys says which primary keys the rows have.
type keys struct {
	Among int     // keys are chosen at random from this many; 0: each row has its own
	Zipf  float64 // the exponent of their distribution; 0: all are as likely
}

// chooser returns the key of each row, the same ones in each run.
func (k keys) chooser() func(row int) int {
	r := rand.New(rand.NewSource(1)) //nolint:gosec // a measurement has to be repeatable
	switch {
	case k.Among == 0:
		return func(row int) int { return row }
	case k.Zipf == 0:
		return func(int) int { return r.Intn(k.Among) }
	}
	z := rand.NewZipf(r, k.Zipf, 1, uint64(k.Among-1))
	return func(int) int { return int(z.Uint64()) }
}
