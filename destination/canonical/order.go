package canonical

import (
	"bytes"
	"slices"
)

const (
	// maxOrders is how many objects of a value have an order that is remembered.
	maxOrders = 32
	// maxOrdered is how many members an object may have whose order is remembered.
	maxOrdered = 256
)

// orders are how members were put in order in the value before: most sources write the members of
// all rows in one order, so that a comparison of neighbours replaces a sort.
type orders struct {
	of   [][]int // positions by rank, for each object of a value by its beginning
	next int     // the number of the object that begins next
}

// sort puts the members of an object, written from begin on, in order, unless they are. It works on
// spans, and copies once.
func (c *Canonicalizer) sort(object, begin int, members []member) {
	if c.ascending(members) {
		return
	}
	kept := c.sortAsBefore(object, members)
	if kept == nil {
		kept = c.sortAnew(object, members)
	}
	if len(c.out)-begin > maxMoved {
		c.postpone(begin, kept)
		return
	}
	c.sorted = c.sorted[:0]
	for _, m := range kept {
		c.sorted = append(c.sorted, c.out[m.name:m.end]...)
	}
	c.moved += len(c.sorted)
	c.out = append(append(c.out[:begin], c.sorted...), '}')
}

// ascending reports whether members are in order, and no two have one name.
func (c *Canonicalizer) ascending(members []member) bool {
	for i := 1; i < len(members); i++ {
		if c.compare(members[i-1], members[i]) >= 0 {
			return false
		}
	}
	return true
}

func (c *Canonicalizer) compare(a, b member) int {
	return bytes.Compare(c.out[a.name:a.value], c.out[b.name:b.value])
}

// sortAsBefore returns members in the order that the same object of the value before had; nil if
// they are not sorted then. What it returns is valid until the next call.
func (c *Canonicalizer) sortAsBefore(object int, members []member) []member {
	if object >= len(c.orders.of) || len(c.orders.of[object]) != len(members) {
		return nil
	}
	c.ordered = c.ordered[:0]
	for _, at := range c.orders.of[object] {
		c.ordered = append(c.ordered, members[at])
	}
	if !c.ascending(c.ordered) {
		return nil
	}
	return c.ordered
}

// sortAnew sorts members, of which the last of equal names is kept, and remembers their order.
func (c *Canonicalizer) sortAnew(object int, members []member) []member {
	c.ordered = append(c.ordered[:0], members...)
	slices.SortStableFunc(members, c.compare)
	if object < maxOrders && len(members) <= maxOrdered {
		c.remember(object, members)
	}
	kept := members[:0]
	for i, m := range members {
		if i+1 == len(members) || c.compare(m, members[i+1]) != 0 { // the last of equal names wins
			kept = append(kept, m)
		}
	}
	return kept
}

// remember notes the order of sorted members, which were written as they are in ordered.
func (c *Canonicalizer) remember(object int, sorted []member) {
	for len(c.orders.of) <= object {
		c.orders.of = append(c.orders.of, nil)
	}
	order := c.orders.of[object][:0]
	for _, m := range sorted {
		at, _ := slices.BinarySearchFunc(c.ordered, m.name, func(o member, name int) int { return o.name - name })
		order = append(order, at)
	}
	c.orders.of[object] = order
}
