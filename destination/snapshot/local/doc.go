// Package local is a Pebble database in a folder: how it is opened and tuned, and compacted and
// copied so that an upload of its files costs about what has changed. Of its keys it knows only
// that the first byte is their kind.
package local
