package canonical

import (
	"cmp"
	"slices"
)

// maxMoved is the size of the largest object that is put in order at once, in bytes. If each level
// of a deep value were, its content would be moved once for each level; so larger objects wait
// until the whole value is written, and are put in order together, in one copy.
const maxMoved = 512

// object is an object in Canonicalizer.out whose members have to be put in order.
type object struct {
	begin, end  int // of its members
	first, last int // its members in Canonicalizer.kept, in order
}

// postpone notes an object, which has been written to its end.
func (c *Canonicalizer) postpone(begin int, members []member) {
	first := len(c.kept)
	c.kept = append(c.kept, members...)
	c.postponed = append(c.postponed, object{begin, len(c.out) - len("}"), first, len(c.kept)})
}

// rearrange puts the postponed objects in order in what was written from begin on.
func (c *Canonicalizer) rearrange(begin int) {
	if len(c.postponed) == 0 {
		return
	}
	slices.SortFunc(c.postponed, func(a, b object) int { return cmp.Compare(a.begin, b.begin) })
	c.sorted = c.sorted[:0]
	c.copyOrdered(begin, len(c.out))
	c.moved += len(c.sorted)
	c.out = append(c.out[:begin], c.sorted...)
}

// copyOrdered appends a part of Canonicalizer.out to sorted, with its objects in order.
func (c *Canonicalizer) copyOrdered(from, to int) {
	for {
		i, _ := slices.BinarySearchFunc(c.postponed, from, func(o object, at int) int { return cmp.Compare(o.begin, at) })
		if i == len(c.postponed) || c.postponed[i].begin >= to {
			c.sorted = append(c.sorted, c.out[from:to]...)
			return
		}
		o := c.postponed[i]
		c.sorted = append(c.sorted, c.out[from:o.begin]...)
		for _, m := range c.kept[o.first:o.last] {
			c.sorted = append(c.sorted, c.out[m.name:m.value]...)
			c.copyOrdered(m.value, m.end)
		}
		from = o.end
	}
}
