import base64
import json
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

TOLERANCE = 5 * 60  # seconds, as in the official library, which knows secrets alone


def new_verifier(key):
    """Returns the verifier for a secret (whsec_…) or for the public key of the sender (whpk_…)."""
    return PublicKey(key) if key.startswith("whpk_") else Webhook(key)


class PublicKey:
    def __init__(self, key):
        self.key = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))

    def verify(self, body, headers):
        """Returns the parsed body, and raises if the request is not signed by the sender."""
        headers = {name.lower(): value for name, value in headers.items()}
        timestamp = headers.get("webhook-timestamp", "")
        if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE:
            raise WebhookVerificationError("the timestamp is not of now")
        signed = f"{headers.get('webhook-id')}.{timestamp}.".encode() + body
        entries = headers.get("webhook-signature", "").split(" ")  # several while a key is being replaced
        if not any(self.by_us(signed, entry) for entry in entries):
            raise WebhookVerificationError("no signature matches")
        return json.loads(body)

    def by_us(self, signed, entry):
        version, _, signature = entry.partition(",")
        try:
            self.key.verify(base64.b64decode(signature), signed)
        except (InvalidSignature, ValueError):
            return False
        return version == "v1a"
