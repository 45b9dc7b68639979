package snapshot

import (
	"context"
	"errors"
)

// Close stores what each stream has seen and closes the store; one in a bucket is saved first. The
// rows of batches that were begun and not confirmed stay uncertain. Close returns when ctx ends,
// whatever the disk does. After a failure of the disk it writes nothing, and the folder stays
// locked until the process ends, as the database may still be at work in it. A second Close does
// nothing.
func (s *Store) Close(ctx context.Context) error {
	if s.closed {
		return nil
	}
	err := s.disk.Run(ctx, s.flush)
	if err == nil && s.remote != nil {
		err = s.save(ctx, func(f func() error) error { return s.disk.Run(ctx, f) })
	}
	err = errors.Join(err, s.closeDB(ctx))
	if err == nil && s.remote == nil && s.tables == nil {
		err = s.disk.Run(ctx, s.disk.WriteChecksum)
	}
	if err != nil {
		err = s.fail("closing", err)
	}
	return errors.Join(err, s.release())
}

// flush writes what is in memory to tables, which are smaller than the log and are read faster by
// the next sync. The first sync of a snapshot in a bucket compacts all, or the second one would,
// and upload it once more.
func (s *Store) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stream := range s.streams {
		if err := stream.close(); err != nil {
			return err
		}
	}
	if s.local == nil {
		return nil
	}
	if s.remote != nil && s.remote.Fresh() && s.finished() {
		return s.local.CompactAll()
	}
	return s.local.Flush()
}

// finished reports whether the sync of a stream has ended well.
func (s *Store) finished() bool {
	for _, stream := range s.streams {
		if stream.finished {
			return true
		}
	}
	return false
}

// closeDB closes the database once, and never one that is abandoned.
func (s *Store) closeDB(ctx context.Context) error {
	left := s.closed || s.disk.Failure() != nil || s.db == nil
	if s.closed = true; left {
		return nil
	}
	return s.disk.Run(ctx, s.db.Close)
}

// release unlocks the folder, unless the store is abandoned.
func (s *Store) release() error {
	var err error
	if s.disk.Failure() == nil {
		err = s.unlock()
	}
	if s.remote != nil {
		err = errors.Join(err, s.disk.Remove())
	}
	if s.tables != nil {
		s.tables.Abandon() // if it is not closed
	}
	return err
}

func (s *Store) unlock() error {
	return errors.Join(s.closeDB(context.Background()), s.disk.Unlock())
}
