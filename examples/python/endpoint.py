"""An endpoint: it takes rows from the sender whose signature is right, keeps them in tables in memory and refuses those it
cannot take, row by row. GET / shows the tables. Run it with: WEBHOOK_SECRET=whsec_… (or whpk_…) python endpoint.py"""

import json
import os
import time
from urllib.parse import unquote

import uvicorn
from fastapi import FastAPI, Request, Response
from standardwebhooks.webhooks import WebhookVerificationError

from publickey import new_verifier
from staging import Staging

MAX_BODY = 4 << 20  # above the destination's batching.max_bytes
MEMORY = 6 * 3600  # seconds: longer than a sync with all its attempts; no other sync repeats an id

app = FastAPI(openapi_url=None)
secret = os.environ.get("WEBHOOK_SECRET", "")
if not secret.removeprefix("whsec_"):  # with an empty key everybody could sign
    raise SystemExit("WEBHOOK_SECRET is not a signing secret or a public key")
webhook = new_verifier(secret)
seen: dict[str, float] = {}  # Webhook-Id → when
tables: dict[str, dict[str, dict]] = {}  # stream → key → data; stands for a database
staging = Staging()  # rows that wait for a manifest


@app.post("/{path:path}")
async def receive(request: Request):
    if "content-encoding" in request.headers:
        return Response(status_code=415)  # the signature is over the plain bytes
    if int(request.headers.get("content-length", MAX_BODY + 1)) > MAX_BODY:
        return Response(status_code=413)  # the sender cuts the batch in two
    body = await request.body()
    try:
        envelope = webhook.verify(body, dict(request.headers))
    except (WebhookVerificationError, ValueError):
        return Response(status_code=401)
    stream = unquote(request.headers.get("airbyte-stream", ""))
    if envelope.get("type") == "manifest":
        problem = staging.commit(stream, request.headers["airbyte-generation"], envelope, tables, put)
        return Response(problem, status_code=409 if problem else 200)
    return {"rejected": apply(request.headers, stream, envelope["rows"])}


def apply(headers, stream, rows):
    """Writes the rows and returns those it cannot take; with a database this is one transaction. A batch may come twice,
    after an answer that got lost: a row with a key is then written again, which changes nothing, and a row without one is
    left out. If a manifest will end the sync, the rows wait for it."""
    if not rows:
        return []  # the connection check
    accepted, rejected = [], []
    for index, row in enumerate(rows):
        if row.get("operation") == "removed" or acceptable(row["data"]):
            accepted.append(row)
        else:
            rejected.append({"index": index, "reason": "email is not an address"})
    batch = headers["webhook-id"]
    if "airbyte-run" in headers:
        staging.add(stream, headers["airbyte-generation"], headers["airbyte-run"], batch, accepted)
        return rejected
    now = time.time()
    for old in [name for name, at in seen.items() if now - at > MEMORY]:
        del seen[old]
    again = batch in seen
    seen[batch] = now
    for row in accepted:
        if "primary_key" in row or not again:
            put(tables.setdefault(stream, {}), row)
    return rejected


def put(table, row):
    """Writes a row to a table."""
    key = json.dumps(row["primary_key"]) if "primary_key" in row else f"#{len(table)}"
    if row.get("operation") == "removed":
        table.pop(key, None)
    else:  # added, changed, or not known which
        table[key] = row["data"]


def acceptable(data):
    """Your own rules go here."""
    return data.get("email") is None or "@" in str(data["email"])


@app.get("/")
async def show():
    return tables


if __name__ == "__main__":
    uvicorn.run(app, host=os.environ.get("HOST", "127.0.0.1"), port=int(os.environ.get("PORT", "8080")))
