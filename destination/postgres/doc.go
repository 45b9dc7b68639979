// Package postgres keeps what a snapshot holds in tables of PostgreSQL. It knows tables, columns
// and locks, and not what a snapshot makes of them.
//
// Each call takes a batch of keys and is bounded in time. Writes go through one connection, which
// also holds the advisory locks of the streams: if it is lost, so are the locks, and with them the
// way to write. So only the holder of the lock writes, whatever happens to the server. That
// is also why nothing is tried again here: the next sync goes on from what was committed.
package postgres
