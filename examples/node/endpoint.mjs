// An endpoint: it takes rows from the sender whose signature is right, keeps them in tables in memory and refuses those it
// cannot take, row by row. GET / shows the tables. Run it with: WEBHOOK_SECRET=whsec_… (or whpk_…) node endpoint.mjs
import express from "express";
import { newVerifier } from "./publickey.mjs";
import { Staging } from "./staging.mjs";

const maxBody = 4 << 20; // above the destination's batching.max_bytes
const memory = 6 * 3600e3; // milliseconds: longer than a sync with all its attempts; no other sync repeats an id

const secret = process.env.WEBHOOK_SECRET ?? "";
if (!secret.replace(/^whsec_/, "")) { // with an empty key everybody could sign
  console.error("WEBHOOK_SECRET is not a signing secret or a public key");
  process.exit(1);
}
const webhook = newVerifier(secret);
const seen = new Map(); // Webhook-Id → when
const tables = Object.create(null); // stream → key → data; stands for a database
const staging = new Staging(); // rows that wait for a manifest

const app = express();

// The signature is over the plain bytes, so the body is not parsed here. Express itself answers 415 where it is compressed,
// and 413 where it is too large; the sender then cuts the batch in two.
app.post("/{*path}", express.raw({ type: "application/json", limit: maxBody, inflate: false }), (request, response) => {
  let envelope;
  try {
    envelope = webhook.verify(request.body, request.headers);
  } catch {
    return response.status(401).end();
  }
  const stream = decodeURIComponent(request.get("Airbyte-Stream") ?? "");
  if (envelope.type === "manifest") {
    const problem = staging.commit(stream, request.get("Airbyte-Generation"), envelope, tables, put);
    return response.status(problem ? 409 : 200).send(problem);
  }
  response.json({ rejected: apply(request, stream, envelope.rows) });
});

// apply writes the rows and returns those it cannot take; with a database this is one transaction. A batch may come twice,
// after an answer that got lost: a row with a key is then written again, which changes nothing, and a row without one is
// left out. If a manifest will end the sync, the rows wait for it.
function apply(request, stream, rows) {
  if (rows.length === 0) return []; // the connection check
  const id = request.get("Webhook-Id");
  const rejected = [];
  const accepted = rows.filter(({ data, operation }, index) => {
    if (operation === "removed" || acceptable(data)) return true;
    rejected.push({ index, reason: "email is not an address" });
    return false;
  });
  if (request.get("Airbyte-Run")) {
    staging.add(stream, request.get("Airbyte-Generation"), request.get("Airbyte-Run"), id, accepted);
    return rejected;
  }
  const now = Date.now();
  for (const [old, at] of seen) if (now - at > memory) seen.delete(old);
  const again = seen.has(id);
  seen.set(id, now);
  const table = (tables[stream] ??= Object.create(null));
  for (const row of accepted) if (row.primary_key !== undefined || !again) put(table, row);
  return rejected;
}

// put writes a row to a table.
function put(table, { data, operation, primary_key }) {
  const key = JSON.stringify(primary_key);
  if (operation === "removed") delete table[key];
  else table[key ?? `#${Object.keys(table).length}`] = data; // added, changed, or not known which
}

// acceptable is where your own rules go.
const acceptable = ({ email }) => email == null || String(email).includes("@");

app.get("/", (_, response) => response.json(tables));

const server = app.listen(process.env.PORT ?? 8080, process.env.HOST ?? "127.0.0.1", () => {
  const { address, port } = server.address();
  console.log(`listening on http://${address}:${port}`);
});
