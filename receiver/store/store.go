// Package store keeps what a receiver was sent in a file, so that it outlives the process.
package store

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"

	"destination-webhook/receiver/journal"
)

// maxLine bounds a line that is read: a body of 256 MiB takes a third more as base64.
const maxLine = 512 << 20

// Store appends a line of JSON per request. It is safe for concurrent use.
type Store struct {
	mu    sync.Mutex
	file  *os.File
	size  int64
	limit int64 // bytes of the file; beyond them it is rewritten with what is still kept
}

// Open takes a file that is open for reading and appending, and returns what is in it, the last
// keep requests in the order of their IDs. It fails if another process uses the file. The Store
// closes it.
func Open(file *os.File, keep int, limit int64) (*Store, []journal.Record, error) {
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, nil, fmt.Errorf("opening the store: another receiver uses %s", file.Name())
	}
	s := &Store{file: file, limit: limit}
	records, err := s.load(keep)
	if err != nil {
		_ = file.Close()
		return nil, nil, fmt.Errorf("reading the store %s: %w", file.Name(), err)
	}
	return s, records, nil
}

// load reads every whole line, and cuts off one that was not written to its end.
func (s *Store) load(keep int) ([]journal.Record, error) {
	lines := bufio.NewReader(s.file)
	var records []journal.Record
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		var r journal.Record
		if len(line) > maxLine || json.Unmarshal(line, &r) != nil {
			return nil, fmt.Errorf("line %d was not written by a receiver: name another file", len(records)+1)
		}
		s.size += int64(len(line))
		records = append(records, r)
		if len(records) > 2*keep {
			records = slices.Delete(records, 0, len(records)-keep)
		}
	}
	if err := s.file.Truncate(s.size); err != nil {
		return nil, err
	}
	slices.SortFunc(records, func(a, b journal.Record) int { return cmp.Compare(a.ID, b.ID) })
	return records[max(0, len(records)-keep):], nil
}

// Add appends a request. When the file is larger than its limit, it is rewritten with the kept
// ones.
func (s *Store) Add(r journal.Record, kept func() []journal.Record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding a request: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size+int64(len(line)) > s.limit {
		return s.rewrite(kept())
	}
	return s.append(append(line, '\n'))
}

func (s *Store) append(text []byte) error {
	n, err := s.file.Write(text)
	if err != nil {
		_ = s.file.Truncate(s.size) // half a line would be cut off when it is read, too
		return fmt.Errorf("writing the store: %w", err)
	}
	s.size += int64(n)
	return nil
}

// rewrite replaces the content by the newest records that take half of the limit.
func (s *Store) rewrite(records []journal.Record) error {
	var lines [][]byte
	size := int64(0)
	for _, r := range slices.Backward(records) {
		line, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("encoding a request: %w", err)
		}
		if size += int64(len(line)) + 1; size > s.limit/2 {
			break
		}
		lines = append(lines, append(line, '\n'))
	}
	slices.Reverse(lines)
	if err := s.clear(); err != nil {
		return err
	}
	return s.append(bytes.Join(lines, nil))
}

// Clear forgets everything.
func (s *Store) Clear() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clear()
}

func (s *Store) clear() error {
	if err := s.file.Truncate(0); err != nil {
		return fmt.Errorf("writing the store: %w", err)
	}
	s.size = 0
	return nil
}

// Close closes the file.
func (s *Store) Close() error { return s.file.Close() }
