// Package snapshot remembers what an endpoint has confirmed, by stream and primary key, and finds
// out what each record changes about that.
//
// A sync opens a Store and each of its streams. Then:
//
//	change, version, err := stream.Diff(key, row)   // per row: unchanged, added or changed
//	batch, err := stream.Begin(ctx, rows)           // before the request that carries these rows
//	err = batch.Confirm()                           // after the endpoint's answer
//	for row, err := range stream.Unseen() { … }     // at the end: what the sync has not seen
//
// # What is promised
//
// The snapshot never takes for delivered what the endpoint lacks. Begin durably writes an intent,
// which says which rows are about to be sent, and Confirm replaces it by what was confirmed. If the
// process dies in between, the next Open finds the intent, and its rows are uncertain: they are
// sent again, whatever they are then, and removed if they are gone, with the data of the intent if
// rows are kept. So a crash costs a second sending of what was in flight. Without the intent, a row
// that changed, was delivered, and changed back before the next sync would look unchanged, and the
// endpoint would keep its other version.
//
// A rejected row leaves the snapshot as it was, so that the next sync tries it again. While a row
// is in flight, later rows with its key are compared with it and not with the stored one.
//
// An unchanged row costs one read and one bit in memory, and no write: each key has an ordinal, and
// the keys seen in a sync are a bitmap over ordinals.
//
// # Revisions
//
// Each key has a revision, which advances with each confirmed change. A Version says which revision
// a row replaces, so that a request can be told from an earlier one with the same content.
//
// # Generations
//
// A full refresh may take several attempts with the same generation, and only what none of them has
// seen has left. The bitmap is stored at Close and continued by the next sync of the generation. An
// attempt that died did not store it, so what the generation has seen is no longer known, and
// Unseen returns ErrGenerationIncomplete: nothing is removed before the next generation. Some
// drivers give every sync the same generation, or 0: there a refresh ends with a sync that ended
// well, and Restart begins the next.
//
// # Where it lives
//
// Open works in a folder. OpenRemote works in a scratch folder, on a copy of what a bucket holds.
// The store's tables never change, so each is an object that is uploaded once. Save and Close
// upload the tables that the bucket lacks and replace the manifest, which lists all files and has
// the small ones in it, with a conditional write, so that of two syncs at once the second gets
// ErrConflict. Objects are removed once three manifests do not name them, and only under sequences
// up to that of the manifest: a sync that has opened it writes higher ones.
//
// The intents of Begin are objects as well, each written before its request. So the promise holds
// even if the scratch folder is lost in a crash or the write is refused: the manifest says which
// intents its snapshot contains, and the next sync adopts the others. Package remote has what is in
// the bucket.
//
// OpenPostgres works on tables in PostgreSQL, without a folder: the keys of layout.go become
// columns. A read of one key would wait for the server, so LookAhead reads the keys of many rows
// before they are compared. Each stream is locked, and takes in the intents of a sync that died,
// when it is opened. A call that fails ends the store, as a disk that fails does.
//
// # A disk that fails
//
// A write that fails, or a call to the disk that does not return within a minute, ends the store:
// every later write returns the same error at once. The database is abandoned, as it is. Package
// disk has what is below the database, package local the database itself.
package snapshot
