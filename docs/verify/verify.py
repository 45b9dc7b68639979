"""Receives webhooks and accepts only those that are signed with WEBHOOK_SECRET, a secret (whsec_…) or
the sender's public key (whpk_…). pip install standardwebhooks cryptography"""

import os
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import WebhookVerificationError

from publickey import new_verifier

MAX_BODY = 16 << 20  # above the destination's batching.max_bytes
webhook = new_verifier(os.environ["WEBHOOK_SECRET"])


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        try:
            body = self.read_body()
        except (ValueError, zlib.error):
            return self.answer(400)
        try:
            # The very bytes that came in: decoded and encoded again they differ.
            envelope = webhook.verify(body, dict(self.headers))
        except (WebhookVerificationError, ValueError):
            return self.answer(401)
        # Store envelope["rows"] before the answer. A batch that is sent again
        # has the same Webhook-Id.
        self.answer(204)

    def read_body(self):
        """Returns the uncompressed body, which is what is signed."""
        length = int(self.headers["Content-Length"])
        if length > MAX_BODY:
            raise ValueError("body is too large")
        body = self.rfile.read(length)
        if self.headers["Content-Encoding"] == "gzip":
            unzip = zlib.decompressobj(wbits=31)  # 31: a gzip header and checksum
            body = unzip.decompress(body, MAX_BODY)
            if unzip.unconsumed_tail:
                raise ValueError("body is too large")
        return body

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print("http://%s:%d" % server.server_address, flush=True)
server.serve_forever()
