// Package interop lets real clients of Airbyte connectors drive the built program: PyAirbyte's
// library and its smoke test, and the shell wrapper of the platform. Every message that the program
// prints for them is parsed by Airbyte's own protocol models.
//
// The script install makes the Python environments; what is not there is skipped.
// ACCEPTANCE_COMMAND names the program, which is built from this source otherwise:
//
//	interop/install && go test ./interop
//
// PyAirbyte runs offline and without telemetry, and the folder loopback holds its processes to this
// machine.
package interop
