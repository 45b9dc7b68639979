// Totals of all requests, and of each stream by operation.
import { $, bytes, count, el, streamName } from "./dom.js";

const order = ["added", "changed", "removed", ""];

export function show(t) {
  $("total-rows").textContent = count(t.rows);
  $("total-requests").textContent = count(t.requests);
  $("total-bytes").textContent = bytes(t.bytes);
  $("total-bytes").title = bytes(t.wire_bytes) + " on the wire";
  for (const [name, kind] of [["failed", "bad"], ["duplicates", "warn"], ["rejected", "warn"]]) {
    $("total-" + name).textContent = count(t[name]);
    $("total-" + name).className = t[name] ? kind : "";
  }
  $("no-streams").hidden = t.streams.length > 0;
  $("streams").hidden = t.streams.length === 0;
  $("streams").replaceChildren(...t.streams.map(streamLine));
}

function streamLine(s) {
  const parts = el("div", "parts");
  const words = [];
  for (const operation of order) {
    const n = s.operations[operation];
    if (!n) continue;
    const part = el("span", "part " + (operation || "unknown"));
    part.style.flexGrow = n;
    parts.append(part);
    words.push(`${count(n)} ${operation || "of unknown operation"}`);
  }
  words.push(`${count(s.requests)} ${s.requests === 1 ? "request" : "requests"}`, bytes(s.bytes));
  return el("li", "", el("div", "name", el("span", "", streamName(s) || "(no stream)"), el("span", "n", count(s.rows))), parts, el("div", "words", words.join(" · ")));
}
