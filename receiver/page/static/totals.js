// Totals of all requests, and of each stream by operation.
import { $, bytes, count, el, streamName, tag } from "./dom.js";

let drawn = "";
let choose = () => {};
export function onStream(f) { choose = f; }
let table = () => {};
export function onTable(f) { table = f; }

const order = ["added", "changed", "removed", ""];

export function show(t) {
  $("total-rows").textContent = count(t.rows - t.repeated);
  $("total-repeated").textContent = t.repeated ? `and ${count(t.repeated)} again` : "\u00a0";
  $("total-requests").textContent = count(t.requests);
  $("total-bytes").textContent = bytes(t.bytes);
  $("total-bytes").title = bytes(t.wire_bytes) + " on the wire";
  for (const [name, kind] of [["failed", "bad"], ["duplicates", "warn"], ["rejected", "warn"]]) {
    $("total-" + name).textContent = count(t[name]);
    $("total-" + name).classList.toggle(kind, t[name] > 0);
  }
  $("no-streams").hidden = t.streams.length > 0;
  $("streams").hidden = t.streams.length === 0;
  const now = JSON.stringify(t.streams);
  if (now === drawn) return;
  drawn = now;
  const focused = document.activeElement?.dataset?.stream;
  $("streams").replaceChildren(...t.streams.map(streamLine));
  if (focused) $("streams").querySelector(`[data-stream="${CSS.escape(focused)}"]`)?.focus();
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
  const name = streamName(s) || "(no stream)";
  const button = el("button", "link", name);
  button.type = "button";
  button.title = "Show the requests of " + name;
  button.dataset.stream = name;
  button.addEventListener("click", () => choose(name));
  const now = el("button", "quiet", "Table");
  now.type = "button";
  now.title = "Show the rows of this stream as they are now";
  now.setAttribute("aria-label", "Table of " + name);
  now.addEventListener("click", () => table(s));
  return el("li", "", el("div", "name", button, now, el("span", "n", count(s.rows))), parts, el("div", "words", ...runTag(s.run), words.join(" · ")));
}

// runTag says whether the latest run of a stream is whole, as its manifest says.
function runTag(run) {
  if (!run) return [];
  const got = `${count(run.batches)} ${run.batches === 1 ? "batch" : "batches"}, ${count(run.rows)} ${run.rows === 1 ? "row" : "rows"}`;
  if (run.state === "whole") return [tag("good", "whole", `The manifest of ${run.run} was accepted: ${got}`)];
  if (run.state === "open") return [tag("calm", "no manifest yet", `${run.run}: ${got}`)];
  const of = (n, all) => (n === all ? count(n) : `${count(n)} of ${count(all)}`);
  const text = `broken: ${of(run.batches, run.expected.batches)} batches, ${of(run.rows, run.expected.rows)} rows`;
  return [tag("bad", text, `${run.run}: ${run.problem}`)];
}
