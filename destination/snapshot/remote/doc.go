// Package remote keeps the folder of a snapshot in a bucket, from one sync to the next.
//
// A sync has a Session. Fetch downloads what the bucket holds to a scratch folder, in which a
// database is then opened, and Adopt gives the database the intents of syncs that this snapshot
// does not know of. PutIntent stores an intent before its request is sent. Save uploads the files
// of a checkpoint of the database that the bucket lacks. What is in files and intents is not known
// here.
//
// What is in the bucket:
//
//	snapshot.json                        the manifest: the snapshot's files, and the intents in it
//	files/<sequence>-<SHA-256>           a file of the store, mostly a table
//	data/<sequence>-<random>.tar         a packed store, of packedVersion
//	notes/<sequence>-<writer>-<number>   an intent
//
// The manifest alone is written with a condition. Each save has a higher sequence than the manifest
// it replaces, and names only what that one names and what was uploaded by its own sync. Intents
// that the manifest does not name are of syncs that it knows nothing of; nobody removes them before
// a snapshot contains them.
package remote
