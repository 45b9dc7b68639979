// One request in full: facts, rows, raw body, headers.
import { $, bytes, clock, count, el, streamName, tag, took } from "./dom.js";
import { attempts, statusTag } from "./list.js";

const maxColumns = 40;
let tab = "Rows";
let close = () => {};
let choose = () => {};

export function onClose(f) { close = f; }
export function onChoose(f) { choose = f; }

// show draws a request; it keeps the focus where it was.
export function show(d) {
  const focused = document.activeElement?.dataset?.key;
  const tabs = { Rows: rows, Body: body, Headers: headers };
  const panel = el("div", "panel");
  panel.id = "panel";
  panel.tabIndex = 0;
  panel.setAttribute("role", "tabpanel");
  const scroll = $("panel")?.scrollTop || 0;
  const choices = tabList(Object.keys(tabs), (name) => {
    tab = name;
    panel.setAttribute("aria-label", name);
    panel.replaceChildren(tabs[name](d));
  });
  $("detail").replaceChildren(head(d), facts(d), choices, panel);
  panel.scrollTop = scroll;
  if (focused) $("detail").querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

// fail says why a request cannot be shown.
export function fail(id, why) {
  $("detail").replaceChildren(head({ id, method: "", url: "" }), el("p", "hint", why[0].toUpperCase() + why.slice(1) + (why.endsWith(".") ? "" : ".")));
}

function head(d) {
  const button = el("button", "quiet", "Close");
  button.type = "button";
  button.dataset.key = "close";
  button.title = "Escape";
  button.addEventListener("click", () => close());
  const title = el("h2", "", `#${d.id} ${d.method} ${d.url}`);
  return d.method ? el("div", "head", statusTag(d), title, button) : el("div", "head", title, button);
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

function rows(d) {
  if (!d.rows_shown.length) {
    return el("p", "hint", d.problem ? "This body is no envelope." : d.body_cut && !d.body ? "This body was too large to keep." : d.sync_mode ? "A batch without rows: a check of the connection." : "No body.");
  }
  const names = [...new Set(d.rows_shown.flatMap((r) => r.cells.map((c) => c.name)))].slice(0, maxColumns);
  const verdicts = d.rows_shown.some((r) => r.rejected) ? ["Verdict"] : [];
  const table = el("table", "", el("thead", "", el("tr", "", ...["Operation", "Key", ...verdicts, ...names].map((n) => el("th", "", n)))));
  const lines = el("tbody");
  for (const r of d.rows_shown) {
    const line = el("tr", r.rejected ? "rejected" : "", el("td", "", operation(r)), el("td", "", r.key || "–"));
    if (verdicts.length) line.append(r.rejected ? el("td", "", tag("warn", "rejected"), r.rejected) : el("td", "dim", "accepted"));
    for (const name of names) {
      const c = r.cells.find((c) => c.name === name);
      const cell = el("td", c ? c.kind : "absent", c ? c.text : "");
      if (c) cell.title = c.text;
      line.append(cell);
    }
    lines.append(line);
  }
  table.append(lines);
  const all = el("div", "", table);
  if (d.rows > d.rows_shown.length) all.append(el("p", "hint", `The first ${count(d.rows_shown.length)} of ${count(d.rows)} rows.`));
  return all;
}

function operation(r) {
  return tag({ added: "good", changed: "calm", removed: "bad" }[r.operation] || "", r.operation || "–");
}

function body(d) {
  if (!d.body) return el("p", "hint", d.body_cut ? "This body was too large to keep." : "No body.");
  const all = el("div", "", el("pre", "", d.body));
  if (d.body_cut) all.append(el("p", "hint", `The first ${bytes(d.body.length)} of ${bytes(d.bytes)}.`));
  return all;
}

function headers(d) {
  const lines = d.headers.map((h) => el("tr", "", el("td", "", h.name), el("td", h.masked ? "masked" : "", h.value)));
  return el("table", "headers", el("tbody", "", ...lines));
}
