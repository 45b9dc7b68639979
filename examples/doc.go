// Package examples holds the endpoints of its folders to what they promise: the built program syncs into each of them, with
// a bad row, an answer that is lost, a changed and a removed row, and a wrong signature.
//
// ACCEPTANCE_COMMAND names the program; the script install brings the libraries of Python and Node. What is not there is
// skipped:
//
//	make build && examples/install && ACCEPTANCE_COMMAND=$PWD/bin/destination-webhook go test ./examples
package examples
