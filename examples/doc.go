// Package examples holds the endpoints of its folders to what they promise: the built program syncs
// into each of them, with a bad row, an answer that is lost, a changed and a removed row, and a
// wrong signature.
//
// The script install brings the libraries of Python and Node; what is not there is skipped.
// ACCEPTANCE_COMMAND names the program, which is built from this source otherwise:
//
//	examples/install && go test ./examples
package examples
