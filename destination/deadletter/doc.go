// Package deadletter keeps the rows that an endpoint refused.
//
// A row that was refused counts as settled, and the state after it is released, only once its dead
// letter is stored: Write returns nil when its lines are safe, and an error if they are not. The
// caller hands over complete Airbyte RECORD lines, so that what is stored is its own replay.
package deadletter

import "context"

// Store keeps dead letters. It is safe for concurrent use.
type Store interface {
	// Write stores lines, each of which ends with a newline, all or none. It returns nil only when
	// they would survive a crash of this process and of the machine below it. It keeps no reference
	// to lines.
	Write(ctx context.Context, lines []byte) error
	Close() error
}
