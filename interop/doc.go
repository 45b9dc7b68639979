// Package interop lets real clients of Airbyte connectors drive the built program: PyAirbyte's library and its smoke test,
// and the shell wrapper of the platform. Every message that the program prints for them is parsed by Airbyte's own
// protocol models.
//
// ACCEPTANCE_COMMAND names the program; the script install makes the Python environments. What is not there is skipped:
//
//	make build && interop/install && ACCEPTANCE_COMMAND=$PWD/bin/destination-webhook go test ./interop
//
// PyAirbyte runs offline and without telemetry, and the folder loopback holds its processes to this machine.
package interop
