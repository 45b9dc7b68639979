package faults

import "math/rand/v2"

// Dice decide which requests fail. They are not safe for concurrent use.
type Dice struct {
	Faults Faults
	seen   int // requests since these faults are in force
	random *rand.Rand
}

// NewDice returns Dice that have seen no request.
func NewDice(f Faults) *Dice {
	return &Dice{Faults: f, random: rand.New(rand.NewPCG(f.Seed, f.Seed))}
}

// Roll reports whether the next request fails.
func (d *Dice) Roll() bool {
	d.seen++
	f := d.Faults
	if f.Every <= 0 && f.Percent <= 0 {
		return f.active()
	}
	nth := f.Every > 0 && d.seen%f.Every == 0
	drawn := f.Percent > 0 && d.random.Float64()*100 < f.Percent
	return nth || drawn
}
