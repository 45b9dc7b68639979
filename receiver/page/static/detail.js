// One request in full: facts, rows, body, headers, answer.
import { $, bytes, clock, copy, count, el, streamName, took, visible } from "./dom.js";
import { statusTag } from "./line.js";
import { attempts } from "./list.js";
import { rows } from "./rows.js";
import { body } from "./body.js";

let tab = "Rows";
let close = () => {};
let choose = () => {};
let tabbed = () => {};
let drawn = ""; // the request that is drawn, to leave it alone if nothing has changed

export function onClose(f) { close = f; }
export function onChoose(f) { choose = f; }
let compare = () => {};
export function onCompare(f) { compare = f; }
export function onTab(f) { tabbed = f; }
export function setTab(name) { if (["Rows", "Body", "Headers", "Answer"].includes(name)) tab = name; }

// show draws a request; it keeps the focus where it was.
export function show(d) {
  const same = JSON.stringify(d) + attempts(d.webhook_id).map((q) => q.id + " " + q.status);
  if (same === drawn && !$("detail").hidden) return;
  drawn = same;
  const focused = document.activeElement?.dataset?.key;
  const tabs = { Rows: rows, Body: body, Headers: headers, Answer: answer };
  const panel = el("div", "panel");
  panel.id = "panel";
  panel.tabIndex = 0;
  panel.setAttribute("role", "tabpanel");
  const scroll = $("panel")?.scrollTop || 0;
  const choices = tabList(Object.keys(tabs), (name) => {
    tab = name;
    tabbed(name);
    panel.setAttribute("aria-label", name);
    panel.replaceChildren(tabs[name](d));
  });
  const replayed = el("p", "replayed");
  replayed.id = "replayed";
  replayed.setAttribute("role", "status");
  $("detail").replaceChildren(head(d), replayed, facts(d), choices, panel);
  panel.scrollTop = scroll;
  if (focused) $("detail").querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

// fail says why a request cannot be shown.
export function fail(id, why) {
  drawn = "";
  $("detail").replaceChildren(head({ id, method: "", url: "" }), el("p", "hint", why[0].toUpperCase() + why.slice(1) + (why.endsWith(".") ? "" : ".")));
}

function head(d) {
  const button = el("button", "quiet", "Close");
  button.type = "button";
  button.dataset.key = "close";
  button.title = "Escape";
  button.addEventListener("click", () => close());
  const title = el("h2", "", `#${d.id} ${d.method} ${d.url}`);
  title.title = title.textContent;
  return d.method ? el("div", "head", statusTag(d), title, el("span", "tools", ...copies(d), button)) : el("div", "head", title, button);
}

// copies are buttons for what people paste elsewhere.
function copies(d) {
  const text = async (path) => (await fetch(path)).text();
  const button = (name, get) => {
    const b = el("button", "quiet", name);
    b.type = "button";
    b.dataset.key = name;
    b.title = "Copy " + name;
    b.addEventListener("click", () => copy(b, get));
    return b;
  };
  const all = [button("curl", async () => curl(d, await text(`requests/${d.id}/body`))), button("body", () => text(`requests/${d.id}/body`))];
  if (d.webhook_id) all.push(button("id", async () => d.webhook_id));
  all.push(replay(d));
  return all;
}

let target = "";
export function setTarget(url) { target = url; }

// replay sends the request to the configured target again, and says what came of it.
function replay(d) {
  const b = el("button", "quiet", "Replay");
  b.type = "button";
  b.dataset.key = "replay";
  b.disabled = !target;
  b.title = target ? "Send it to " + target + " again" : "Start the receiver with --forward URL to send requests again";
  b.addEventListener("click", async () => {
    b.disabled = true;
    let said = "The receiver is gone.";
    try {
      const answer = await fetch(`requests/${d.id}/replay`, { method: "POST" });
      const content = await answer.json();
      said = answer.ok ? `${content.target} answered ${content.status}` + (content.signed ? " (signed again)" : "") + (content.answer ? ": " + content.answer.slice(0, 200) : "") : content.error;
    } catch { /* it said nothing, or no JSON */ }
    $("replayed").textContent = "";
    $("replayed").append(visible(said));
    b.disabled = false;
  });
  return b;
}

// curl repeats the request. Masked headers are left to who has their values.
function curl(d, content) {
  const quote = (s) => "'" + s.replaceAll("'", "'\\''") + "'";
  const leave = ["Content-Length", "Content-Encoding", "Accept-Encoding", "Host"];
  const lines = ["curl -X " + quote(d.method) + " " + quote(location.origin + d.url.split("?")[0])];
  for (const h of d.headers) {
    if (h.masked) lines.push(`-H ${quote(h.name + ": PUT-YOURS-HERE")}`);
    else if (!leave.includes(h.name)) lines.push("-H " + quote(h.name + ": " + h.value));
  }
  if (content) lines.push("--data-binary " + quote(content));
  return lines.join(" \\\n  ");
}

function facts(d) {
  const list = el("dl", "facts");
  const fact = (name, value, className) => {
    if (value === "" || value === undefined) return;
    const box = el("div", value instanceof Node || String(value).length > 40 ? "full" : "", el("dt", "", name), el("dd", className || "", value));
    list.append(box);
  };
  fact("Arrived", clock(d.time));
  fact("Took", d.done ? took(d.duration) : "still waiting");
  fact("Stream", streamName(d));
  fact("Sync mode", d.sync_mode);
  fact("Rows", d.sync_mode ? count(d.rows) + (d.rejected ? `, ${count(d.rejected)} rejected` : "") : "");
  fact("Size", bytes(d.bytes) + (d.wire_bytes !== d.bytes ? `, ${bytes(d.wire_bytes)} on the wire` : ""));
  if (d.generation_id) fact("Generation", d.generation_id);
  if (d.sync_id) fact("Sync", d.sync_id);
  fact("Fault", d.fault, "warn");
  fact("Signature", d.signature || "not verified", { valid: "good", "": "dim" }[d.signature] ?? "bad");
  fact("Problem", d.problem, "bad");
  fact("Webhook-Id", d.webhook_id, "mono");
  fact("Attempts", attemptList(d));
  return list;
}

// attemptList links the requests that carried the same batch.
function attemptList(d) {
  const same = attempts(d.webhook_id);
  if (same.length < 2) return "";
  const list = el("span");
  for (const q of same) {
    const button = el("button", "quiet", `#${q.id} `, statusTag(q));
    button.type = "button";
    button.dataset.key = "attempt " + q.id;
    if (q.id === d.id) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => choose(q.id));
    list.append(button);
    if (q.id === d.id) continue;
    const diff = el("button", "link", "diff");
    diff.type = "button";
    diff.dataset.key = "diff " + q.id;
    diff.setAttribute("aria-label", `What differs between #${q.id} and #${d.id}`);
    diff.addEventListener("click", () => compare(q.id, d.id));
    list.append(diff, " ");
  }
  return list;
}

function tabList(names, open) {
  const list = el("div", "tabs");
  list.setAttribute("role", "tablist");
  const buttons = names.map((name) => {
    const b = el("button", "", name);
    b.type = "button";
    b.dataset.key = "tab " + name;
    b.setAttribute("role", "tab");
    b.setAttribute("aria-controls", "panel");
    b.addEventListener("click", () => pick(name));
    return b;
  });
  const pick = (name) => {
    names.forEach((n, i) => {
      buttons[i].setAttribute("aria-selected", String(n === name));
      buttons[i].tabIndex = n === name ? 0 : -1;
    });
    open(name);
  };
  list.addEventListener("keydown", (e) => {
    const step = { ArrowRight: 1, ArrowLeft: names.length - 1 }[e.key];
    if (!step) return;
    const next = (names.indexOf(tab) + step) % names.length;
    pick(names[next]);
    buttons[next].focus();
  });
  list.append(...buttons);
  pick(tab);
  return list;
}

function answer(d) {
  if (!d.done) return el("p", "hint", "This request still waits for its answer.");
  if (!d.answer) return el("p", "hint", d.status ? "An answer without a body." : "The connection was closed without an answer.");
  return el("pre", "", d.answer);
}

function headers(d) {
  const lines = d.headers.map((h) => el("tr", "", el("td", "", h.name), el("td", h.masked ? "masked" : "", h.value)));
  return el("table", "headers", el("tbody", "", ...lines));
}
