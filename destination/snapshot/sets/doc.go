// Package sets holds what a sync remembers of a stream in memory: the ordinals that it has seen, a
// bit each (Bitmap), the keys that it has given out (Filter), and the rows that it has still to see
// (Index). It does not know where they are stored.
package sets
