package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"destination-webhook/destination/bucket"
)

// maxIntent bounds what is read of an intent, in bytes. It has the rows of a batch, which is at
// most 100 MB.
const maxIntent = 128 << 20

// intentName is what the name of an intent's object says.
type intentName struct {
	sequence uint64 // above that of the snapshot that its writer opened, so that syncs have an order
	writer   string // who opened the snapshot: random, without a hyphen
	number   uint64 // of the writer's intents
}

func (n intentName) String() string {
	return fmt.Sprintf("%s%016d-%s-%012d", intentsFolder, n.sequence, n.writer, n.number)
}

// parseIntentName reads an object's name. ok is false for one that is not an intent's.
func parseIntentName(name string) (n intentName, ok bool) {
	parts := strings.Split(strings.TrimPrefix(name, intentsFolder), "-")
	if len(parts) != 3 {
		return n, false
	}
	var err1, err2 error
	n.sequence, err1 = strconv.ParseUint(parts[0], 10, 64)
	n.number, err2 = strconv.ParseUint(parts[2], 10, 64)
	n.writer = parts[1]
	return n, err1 == nil && err2 == nil
}

// contents are the intents that a snapshot contains: for each writer spans of numbers, first and
// last. A writer's intents need not come in order, and another sync may have adopted some of them
// while it still wrote.
type contents map[string][][2]uint64

func (c contents) has(n intentName) bool {
	for _, span := range c[n.writer] {
		if span[0] <= n.number && n.number <= span[1] {
			return true
		}
	}
	return false
}

// add puts an intent in, one writer's in ascending order.
func (c contents) add(n intentName) {
	spans := c[n.writer]
	if last := len(spans) - 1; last >= 0 && spans[last][1]+1 == n.number {
		spans[last][1]++
		return
	}
	c[n.writer] = append(spans, [2]uint64{n.number, n.number})
}

// with returns the contents and a writer's own intents up to a number.
func (c contents) with(writer string, number uint64) contents {
	all := contents{writer: {{1, number}}}
	for other, spans := range c {
		all[other] = spans
	}
	return all
}

// PutIntent stores an intent; it is safe when PutIntent returns. The intent is in the database as
// well, so that the next save contains it.
func (s *Session) PutIntent(ctx context.Context, intent []byte) error {
	return s.bucket.Create(ctx, intentName{s.first, s.id, s.number.Add(1)}.String(), intent)
}

// Adopt calls take with each intent of other syncs that this snapshot does not contain: they died,
// or were refused when they saved, or are still at work. The intents stay until a save contains
// them. Its error is ErrReplaced if another sync has saved the snapshot since it was fetched:
// intents that belong to it may then be gone.
func (s *Session) Adopt(ctx context.Context, take func(intent []byte) error) error {
	if err := s.adoptAll(ctx, take); err != nil {
		return err
	}
	s.first = s.sequence.Load() + 1
	return s.unchanged(ctx)
}

func (s *Session) adoptAll(ctx context.Context, take func(intent []byte) error) error {
	objects, err := s.bucket.List(ctx, intentsFolder)
	if err != nil {
		return err
	}
	s.taken = contents{}
	for _, object := range objects {
		name, ok := parseIntentName(object.Name)
		if !ok {
			continue
		}
		if !s.last.Contains.has(name) {
			if err := s.adopt(ctx, object.Name, take); err != nil {
				return err
			}
		}
		s.taken.add(name)
		s.sequence.Store(max(s.sequence.Load(), name.sequence))
	}
	return nil
}

func (s *Session) adopt(ctx context.Context, name string, take func(intent []byte) error) error {
	var text bytes.Buffer
	_, err := s.bucket.Fetch(ctx, name, &text, maxIntent)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil // another sync has saved, and the manifest, which is looked at last, says so
	}
	if err != nil {
		return err
	}
	return take(text.Bytes())
}
