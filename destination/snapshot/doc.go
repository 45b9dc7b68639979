// Package snapshot remembers what an endpoint has confirmed, per stream and primary key, and tells by it
// how a row that streams by differs.
//
// A sync opens a Store and each of its streams, and then goes through four verbs:
//
//	change, mark, err := stream.Diff(key, row)   // per row: unchanged, added or changed
//	batch, err := stream.Begin(ctx, rows)        // before the request that carries these rows
//	err = batch.Confirm()                         // after the endpoint's answer
//	for row, err := range stream.Unseen() { … }    // at the end: what the sync has not seen
//
// # What is promised
//
// The snapshot never takes for delivered what the endpoint lacks. Begin writes durably which rows are about to
// be sent; Confirm replaces this note by what was confirmed. Where a process dies in between, the next Open
// finds the note and holds these rows to be in doubt: whatever they are then, they are sent again, and
// if they are gone, they are removed, with KeepRows with the data that the note has of them. A crash so costs the resending of what was in flight.
// Without the note, a row that changed, was delivered, and changed back before the next sync would look
// unchanged while the endpoint has its other version.
//
// A rejected row leaves the snapshot as it was, so that the next sync tries it again. While a row is in
// flight, later rows of the same key are compared with it and not with the stored one.
//
// An unchanged row costs one read and one bit in memory, and no write: each key has an ordinal, and the keys
// seen in a sync are a bitmap over ordinals.
//
// # Generations
//
// A full refresh may take several attempts with the same generation, and only what none of them has seen has
// left. The bitmap is stored at Close and continued by the next sync of the same generation. An attempt that
// died did not store it, so what the generation has seen is not known any more, and Unseen refuses with
// ErrGenerationIncomplete: nothing is removed until the next generation. A generation of 0 is a constant one, as some
// drivers give no other: its refresh ends with a sync that ended well, and Restart begins the next.
//
// # Where it lives
//
// Open works in a folder. OpenRemote works in a scratch folder on a copy of what a bucket holds: Save and
// Close pack it into a new object and swing a small manifest over to it with a conditional write, so that of
// two syncs at once the second is refused with ErrConflict. The notes of Begin are objects as well, each written before
// its request; the promise above holds though the scratch folder is lost in a crash, or the write is refused: the manifest
// says which notes its snapshot contains, and the others are taken in by the next sync.
package snapshot
