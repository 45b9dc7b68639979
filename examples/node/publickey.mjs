import { createPublicKey, verify } from "node:crypto";
import { Webhook } from "standardwebhooks";

const tolerance = 5 * 60; // seconds, as in the official library, which knows secrets alone

// newVerifier returns the verifier for a secret (whsec_…) or for the public key of the sender (whpk_…).
export const newVerifier = (key) => (key.startsWith("whpk_") ? new PublicKey(key) : new Webhook(key));

class PublicKey {
  constructor(key) {
    const x = Buffer.from(key.slice("whpk_".length), "base64").toString("base64url");
    this.key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  }

  // verify returns the parsed body, and throws if the request is not signed by the sender.
  verify(body, headers) {
    const timestamp = headers["webhook-timestamp"] ?? "";
    if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - timestamp) > tolerance) {
      throw new Error("the timestamp is not of now");
    }
    const signed = Buffer.concat([Buffer.from(`${headers["webhook-id"]}.${timestamp}.`), body]);
    const byUs = (entry) => // several entries while a key is being replaced
      entry.startsWith("v1a,") && verify(null, signed, this.key, Buffer.from(entry.slice("v1a,".length), "base64"));
    if (!(headers["webhook-signature"] ?? "").split(" ").some(byUs)) throw new Error("no signature matches");
    return JSON.parse(body);
  }
}
