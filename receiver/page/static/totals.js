// Totals of all requests, and of each stream by operation, with what the states of syncs claim.
import { $, bytes, count, el, streamName, tag } from "./dom.js";

let drawn = "";
let choose = () => {};
export function onStream(f) { choose = f; }
let table = () => {};
export function onTable(f) { table = f; }

const order = ["added", "changed", "removed", ""];

let claims = { states: 0, streams: [] };

const rows = (n) => `${count(n)} ${n === 1 ? "row" : "rows"}`;

// claim says whether what arrived of a stream is what the states claim; "" if no state was given.
export function claim(s) {
  const c = claims.streams.find((c) => c.stream === s.stream && c.namespace === s.namespace);
  if (!c) return "";
  const say = {
    equal: () => tag("good", `the states claim the same ${rows(c.claimed)}`),
    removals: () => tag("good", `the states claim the other ${rows(c.claimed)}`, `They do not count removals, which come after them: ${count(c.unclaimed)} here`),
    missing: () => tag("bad", `${rows(c.missing)} missing: the states claim ${count(c.claimed)}`),
    unclaimed: () => tag("warn", `${rows(c.unclaimed)} that no state claims`, "They came after the last state, so the next sync sends them again"),
    unknown: () => tag("warn", "not comparable with the states", "The receiver was restarted, and has not kept what came before"),
  };
  return say[c.verdict]();
}

export function show(t, c) {
  claims = c;
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
  $("states").hidden = t.streams.length === 0;
  const all = claim({ stream: "", namespace: "" }); // states that speak for all streams
  $("claims").replaceChildren(...(c.states ? [`${count(c.states)} ${c.states === 1 ? "state was" : "states were"} given. `, ...(all ? [all] : [])] : []));
  const now = JSON.stringify([t.streams, c.streams]);
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
  return el("li", "", el("div", "name", button, now, el("span", "n", count(s.rows))), parts, el("div", "words", ...runTag(s.run), words.join(" · "), ...(claim(s) ? [" ", claim(s)] : [])));
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

$("output").addEventListener("change", async () => {
  const [file] = $("output").files;
  if (!file) return;
  $("output").value = ""; // the same file can be chosen again
  let problem = "The receiver is gone.";
  try {
    const answer = await fetch("api/states", { method: "POST", body: file });
    problem = answer.ok ? "" : (await answer.json()).error;
  } catch { /* it said nothing */ }
  $("states-error").textContent = problem;
});
