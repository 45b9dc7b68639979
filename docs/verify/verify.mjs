// Receives webhooks and accepts only those that are signed with WEBHOOK_SECRET, a secret (whsec_…) or
// the sender's public key (whpk_…). npm install standardwebhooks
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";
import { newVerifier } from "./publickey.mjs";

const maxBody = 16 << 20; // above the destination's batching.max_bytes
const webhook = newVerifier(process.env.WEBHOOK_SECRET);

// readBody returns the uncompressed body, which is what is signed.
async function readBody(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maxBody) throw new Error("body is too large");
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  return request.headers["content-encoding"] === "gzip"
    ? gunzipSync(body, { maxOutputLength: maxBody })
    : body;
}

const server = createServer(async (request, response) => {
  let body;
  try {
    body = await readBody(request);
  } catch {
    return response.writeHead(400).end();
  }
  let envelope;
  try {
    // The very bytes that came in: decoded and encoded again they differ.
    envelope = webhook.verify(body, request.headers);
  } catch {
    return response.writeHead(401).end();
  }
  // Store envelope.rows before the answer. A batch that is sent again has the
  // same Webhook-Id.
  response.writeHead(204).end();
});

server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
