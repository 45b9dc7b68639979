// Package acceptance holds a build of the connector to its promises: each script in the folder
// scripts runs the real program against an endpoint in this process and tells what came of it.
//
// The program is built from this source, unless ACCEPTANCE_COMMAND names another, so that any build
// can be held to the same promises:
//
//	ACCEPTANCE_COMMAND='docker run --rm -i --network host -v $WORK:$WORK -w $WORK -e LOG_LEVEL IMAGE' \
//	go test ./acceptance_tests
//
// $WORK is the folder of the current script. A program that is not started directly, as in this
// case, does not die of a signal in its parent's eyes; set ACCEPTANCE_INDIRECT=1 to leave out the
// scripts that look at how it dies.
//
// Beside testscript's own commands a script has these:
//
//	receiver [FAULT...]
//	    start a receiver with faults such as every=3 status=503, and put its address in the place
//	    of $URL in the script's JSON files; -sign=SECRET makes it verify signatures,
//	    and -remote lets it take requests to other names than this machine's
//	endpoint [-tls] [-tls=1.2] [-mtls] STATUS [NAME:VALUE...]
//	    start an endpoint that gives every request this status and these headers, and echoes the
//	    request in its body; with TLS, its certificate and key are in $AUTHORITY and $KEY, and
//	    -mtls asks clients for a certificate
//	proxy [-tls]
//	    start a proxy that leads to the last endpoint or receiver, whatever it is asked for, and
//	    put its address with credentials into $PROXY; with TLS, its certificate is in proxy.pem
//	proxied
//	    write what the proxy was asked for to the file proxied
//	faults [FAULT...]
//	    change the receiver's faults
//	received
//	    write what the receiver got to the files requests, headers, bodies and rows
//	exits CODE COMMAND...
//	    run a command that ends with this exit code
//	protocol
//	    hold the last standard output to the protocol, and write the messages of each type to a
//	    file of its name
//	records COUNT BYTES EVERY FILE
//	    write records of about that size to a file, with a state after each EVERY of them
//	begin COMMAND...
//	    start a command whose standard input stays open
//	feed FILE
//	    write a file to its standard input
//	await PATTERN
//	    read its standard output up to a line that matches
//	arrived N
//	    wait until the receiver has got N requests
//	claimed
//	    hold what arrived against what the states in the standard outputs that were given claim
//	hangup
//	    close its standard output
//	end EOF|SIGNAL [OUTCOME]
//	    close its standard input or send a signal, and wait: for exit code 0, or another outcome
package acceptance
