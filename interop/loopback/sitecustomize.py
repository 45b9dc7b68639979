"""Keeps every Python process of the tests on this machine: with this folder on PYTHONPATH, a name lookup or a connection
that leaves loopback is refused before it begins, and noted in the file that LOOPBACK_BREACHES names."""

import os
import sys

LOCAL = {"127.0.0.1", "::1", "localhost", "", None}


def judge(event, args):
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host in LOCAL:
        return
    with open(os.environ["LOOPBACK_BREACHES"], "a", encoding="utf-8") as breaches:
        breaches.write(f"{os.getpid()} {sys.argv[0]}: {event} {host}\n")
    raise PermissionError(f"{host} is not on this machine")


sys.addaudithook(judge)
