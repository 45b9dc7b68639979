// The list of requests, newest first, by mouse and by keyboard.
import { $, bytes, clock, count, el, streamName, tag, took } from "./dom.js";

const shown = 500; // more than anybody reads; the receiver may keep more
const requests = new Map(); // id → {q, line}
let selected = 0;
let choose = () => {};

export function onChoose(f) { choose = f; }
export function clear() {
  requests.clear();
  $("list").replaceChildren();
}

// add shows requests that are new, and anew those that have changed.
export function add(changed) {
  for (const q of changed) {
    const known = requests.get(q.id);
    const line = known ? known.line : newLine(q.id);
    fill(line, q);
    if (!known) place(line);
    requests.set(q.id, { q, line });
  }
  while (requests.size > shown) {
    const oldest = $("list").lastElementChild;
    oldest.remove();
    requests.delete(Number(oldest.dataset.id));
  }
  $("empty").hidden = requests.size > 0;
  $("list").closest("table").hidden = requests.size === 0;
  rove();
}

// place puts a line before the first older one: a slow request may come late.
function place(line) {
  const older = [...$("list").rows].find((l) => Number(l.dataset.id) < Number(line.dataset.id));
  $("list").insertBefore(line, older || null);
}

// attempts lists the requests with the same Webhook-Id.
export function attempts(id) {
  return id ? [...requests.values()].map((r) => r.q).filter((q) => q.webhook_id === id) : [];
}

export function select(id) {
  selected = id;
  for (const [other, { line }] of requests) line.setAttribute("aria-selected", String(other === id));
  rove();
  requests.get(id)?.line.scrollIntoView({ block: "nearest" });
}

export const focus = (id) => requests.get(id)?.line.focus();

function newLine(id) {
  const line = el("tr");
  line.dataset.id = id;
  line.setAttribute("aria-selected", String(id === selected));
  return line;
}

function fill(line, q) {
  const cell = (className, ...children) => el("td", className, ...children);
  line.hidden = !matches(q);
  line.replaceChildren(
    cell("status", statusTag(q)), cell("time", ...time(q)), name(q),
    cell("wide", q.sync_mode), cell("n rows", q.sync_mode ? count(q.rows) : ""), cell("n wide", bytes(q.bytes)),
    cell("n wide took", q.done ? took(q.duration) : ""), cell("notes", ...notes(q)));
}

// time keeps the milliseconds apart: a narrow list hides them.
function time(q) {
  const [seconds, ms] = clock(q.time).split(".");
  return [seconds, el("span", "wide", "." + ms)];
}

function name(q) {
  if (q.rows || q.problem) return el("td", "name", streamName(q) || "(no stream)");
  return el("td", "name dim", q.sync_mode ? "connection check" : q.method + " " + q.url);
}

export function statusTag(q) {
  if (!q.done) return tag("wait", "waiting");
  if (!q.status) return tag("bad", "no answer");
  const kind = { 2: "good", 3: "calm", 4: "warn", 5: "bad" }[Math.floor(q.status / 100)];
  return tag(kind || "", q.status);
}

function notes(q) {
  const list = [];
  if (q.attempt > 1) list.push(tag("calm", "attempt " + q.attempt));
  if (q.duplicate) list.push(tag("warn", "duplicate", "this Webhook-Id has been accepted before"));
  if (q.signature && q.signature !== "valid") list.push(tag("bad", "signature", q.signature));
  if (q.rejected) list.push(tag("warn", count(q.rejected) + " rejected"));
  if (q.fault && !q.rejected) list.push(tag("", q.fault === "status" ? "fault" : "fault: " + q.fault, "the answer is made by a fault"));
  if (q.problem) list.push(tag("warn", "no envelope", q.problem));
  return list;
}

function matches(q) {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [streamName(q), q.status, q.method, q.url, q.sync_mode, q.webhook_id, q.fault, q.duplicate ? "duplicate" : ""].join(" ").toLowerCase();
  return words.every((w) => text.includes(w));
}

// rove keeps one line in the tab order: the chosen one, else the newest.
function rove() {
  const lines = [...$("list").rows].filter((l) => !l.hidden);
  const current = lines.find((l) => l === document.activeElement) || lines.find((l) => Number(l.dataset.id) === selected) || lines[0];
  for (const line of $("list").rows) line.tabIndex = line === current ? 0 : -1;
}

$("filter").addEventListener("input", () => {
  for (const { q, line } of requests.values()) line.hidden = !matches(q);
  rove();
});

$("list").addEventListener("click", (e) => {
  const line = e.target.closest("tr");
  if (line) choose(Number(line.dataset.id));
});

$("list").addEventListener("keydown", (e) => {
  const lines = [...$("list").rows].filter((l) => !l.hidden);
  const at = lines.indexOf(e.target.closest("tr"));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 }[e.key];
  if (e.key === "Enter" || e.key === " ") choose(Number(lines[at].dataset.id));
  else if (to === undefined) return;
  else lines[to]?.focus();
  e.preventDefault();
  rove();
});
