// Package interop lets real clients of Airbyte connectors drive the built program: PyAirbyte's
// library and its smoke test, and the shell wrapper of the platform. Every message that the program
// prints for them is parsed by Airbyte's own protocol models. It also lets the program send to real
// servers that were not written for it: VictoriaLogs, and CouchDB's protocol as pouchdb-server
// speaks it.
//
// The script install makes the Python environments and installs the servers; what is not there is
// skipped. ACCEPTANCE_COMMAND names the program, which is built from this source otherwise:
//
//	interop/install && go test ./interop
//
// PyAirbyte runs offline and without telemetry, and the folder loopback holds its processes to this
// machine.
package interop
