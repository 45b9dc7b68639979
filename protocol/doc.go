// Package protocol is the Airbyte protocol as a destination sees it: JSON messages, one a line, in
// both directions.
//
// # Reading
//
// A BlockReader cuts a byte stream into blocks of whole lines, and a Decoder walks the messages of
// one block. The two are apart so that a goroutine which may wait for input does nothing but read,
// and the one which owns the decoder never waits.
//
// A line is scanned once, and the scan validates all of it by RFC 8259, so that nothing invalid
// gets past this package. Nothing is decoded beyond what routing needs: a record's data, a state
// and every other raw part are spans of the line, with their numbers, escapes, key order and
// duplicate keys as they came. Spans alias the block: they are valid until its buffer is used
// again, and whoever keeps one longer copies it.
//
// A line that does not begin with '{' is foreign noise (a library's banner on stdout, say) and is
// skipped and counted. A line that does, and is not valid, may have been a record: it is an error
// that names line and byte, never skipped. Unknown types and unknown keys pass, as the protocol
// asks for.
//
// # Writing
//
// A Writer puts whole lines on stdout, flushing each that somebody waits for. A State goes back as
// the bytes it came in, with the destination's own counts spliced in.
//
// The messages and their rules are those of airbyte_protocol.yaml, version 0.18, in
// airbytehq/airbyte-protocol.
package protocol
