// The list of requests, newest first. Only the lines in sight are in the document, so that ten
// thousand requests cost no more than twenty.
import { $, bytes, clock, count, el, streamName, tag, took } from "./dom.js";

const overscan = 6; // lines beyond what is in sight
const requests = new Map(); // id → request
const lines = new Map(); // id → line in the document
let shown = []; // requests that match the filter, newest first
let hits = null; // ids of requests whose content matches, as the receiver says; null for unknown
let height = 37;
let selected = 0;
let current = 0; // the request in the tab order
let choose = () => {};
let drawing = false;

export function onChoose(f) { choose = f; }

// add shows requests that are new, and anew those that have changed; those before oldest are gone.
export function add(changed, oldest = 0) {
  for (const q of changed) {
    requests.set(q.id, q);
    lines.get(q.id)?.remove();
    lines.delete(q.id);
  }
  for (const id of requests.keys()) if (id < oldest) requests.delete(id);
  refresh();
}

export function clear() {
  requests.clear();
  refresh();
}

// refresh applies the filter anew. What is in sight stays where it is while others arrive above.
function refresh() {
  const top = $("scroll").scrollTop;
  const anchor = top > height ? shown[Math.floor(top / height)] : null;
  shown = [...requests.values()].filter(matches).sort((a, b) => b.id - a.id);
  for (const [id, line] of lines) if (!requests.has(id)) { line.remove(); lines.delete(id); }
  $("empty").hidden = requests.size > 0;
  $("list").closest("table").hidden = shown.length === 0;
  $("no-match").hidden = requests.size === 0 || shown.length > 0;
  $("no-match").firstElementChild.textContent = `None of the ${count(requests.size)} requests matches “${$("filter").value}”. Nothing is lost:`;
  draw();
  const at = anchor ? shown.indexOf(anchor) : -1;
  if (at >= 0) {
    $("scroll").scrollTop = at * height + (top % height);
    draw();
  }
}

// draw puts the lines in sight into the document, in order.
function draw() {
  drawing = false;
  const box = $("scroll");
  const first = Math.max(0, Math.floor(box.scrollTop / height) - overscan);
  const last = Math.min(shown.length, Math.ceil((box.scrollTop + box.clientHeight) / height) + overscan);
  const wanted = shown.slice(first, last);
  const keep = new Set(wanted.map((q) => q.id));
  const focused = document.activeElement?.closest?.("#list tr")?.dataset.id;
  for (const [id, line] of lines) if (!keep.has(id) && String(id) !== focused) { line.remove(); lines.delete(id); }
  if (!shown.some((q) => q.id === current)) current = shown.some((q) => q.id === selected) ? selected : shown[0]?.id || 0;
  let next = $("list").firstElementChild;
  wanted.forEach((q, i) => {
    const line = lines.get(q.id) || newLine(q);
    if (line === next) next = next.nextElementSibling;
    else $("list").insertBefore(line, next);
    line.setAttribute("aria-rowindex", first + i + 2);
    line.setAttribute("aria-selected", String(q.id === selected));
    line.tabIndex = q.id === current ? 0 : -1;
  });
  $("list").closest("table").setAttribute("aria-rowcount", shown.length + 1);
  space("above", first);
  space("below", shown.length - last);
  const actual = $("list").firstElementChild?.offsetHeight;
  if (actual && actual !== height) {
    height = actual;
    reveal(selected);
    soon();
  }
}

function space(id, n) {
  if (!$(id).firstChild) $(id).append(el("tr", "", el("td")));
  $(id).firstChild.style.height = n * height + "px";
  $(id).hidden = n === 0;
}

function soon() {
  if (!drawing) requestAnimationFrame(draw);
  drawing = true;
}

// attempts lists the requests with the same Webhook-Id, oldest first.
export function attempts(id) {
  return id ? [...requests.values()].filter((q) => q.webhook_id === id).sort((a, b) => a.id - b.id) : [];
}

export function select(id) {
  selected = id;
  if (id) current = id;
  reveal(id);
  draw();
}

export function focus(id) {
  current = id;
  reveal(id);
  draw();
  lines.get(id)?.focus({ preventScroll: true });
}

// reveal scrolls the list, and nothing else, until the request is in sight.
function reveal(id) {
  const at = shown.findIndex((q) => q.id === id);
  if (at < 0) return;
  const box = $("scroll");
  const head = box.querySelector("thead").offsetHeight;
  box.scrollTop = Math.min(at * height, Math.max(box.scrollTop, (at + 1) * height + head - box.clientHeight));
}

// step returns the request that is n lines away from the current one.
export function step(n, from = selected || current) {
  const at = shown.findIndex((q) => q.id === from);
  return shown[Math.min(Math.max(at + n, 0), shown.length - 1)]?.id || 0;
}

function newLine(q) {
  const line = el("tr");
  line.dataset.id = q.id;
  const cell = (className, ...children) => el("td", className, ...children);
  line.append(
    cell("status", statusTag(q)), cell("time", ...time(q)), name(q),
    cell("wide", q.sync_mode), cell("n rows", q.sync_mode ? count(q.rows) : ""), cell("n wide", bytes(q.bytes)),
    cell("n wide took", q.done ? took(q.duration) : ""), cell("notes", ...notes(q), el("span", "brief", brief(q))));
  lines.set(q.id, line);
  return line;
}

// brief is what a narrow list shows in place of columns.
const brief = (q) => [q.sync_mode, bytes(q.bytes), q.done ? took(q.duration) : ""].filter(Boolean).join(" · ");

// time keeps the milliseconds apart: a narrow list hides them.
function time(q) {
  const [seconds, ms] = clock(q.time).split(".");
  return [seconds, el("span", "wide", "." + ms)];
}

function name(q) {
  const text = q.rows || q.problem || q.manifest ? streamName(q) || "(no stream)" : q.sync_mode ? "connection check" : q.method + " " + q.url;
  const cell = el("td", q.rows || q.problem || q.manifest ? "name" : "name dim", text);
  cell.title = text;
  return cell;
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
  if (q.manifest) list.push(tag(q.status === 409 ? "bad" : "calm", "manifest", "it says which batches of the stream must be here"));
  if (q.problem) list.push(tag("warn", "no envelope", q.problem));
  return list;
}

// textOf is what a person sees of a request, and what else identifies it.
function textOf(q) {
  const failed = q.done && (q.status < 200 || q.status > 299);
  return [streamName(q), "#" + q.id, q.method, q.url, q.sync_mode, q.webhook_id, q.fault, failed ? "failed" : "", statusTag(q).textContent, ...notes(q).map((n) => n.textContent)].join(" ").toLowerCase();
}

function matches(q) {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length || hits?.has(q.id)) return true;
  const text = textOf(q);
  return words.every((w) => text.includes(w));
}

// search asks the receiver for requests whose content matches: bodies are not on the page.
let asked = 0;
async function search() {
  const text = $("filter").value.trim();
  const turn = ++asked;
  let found = null;
  if (text) {
    try {
      const answer = await fetch("api/requests?format=ids&text=" + encodeURIComponent(text));
      if (answer.ok) found = new Set(await answer.json());
    } catch { /* the receiver is gone, which the page says elsewhere */ }
  }
  if (turn !== asked) return; // the filter has changed meanwhile
  hits = found;
  refresh();
}

let timer = 0;
let changed = () => {};
export function onFilter(f) { changed = f; }

export function filter(text) {
  $("filter").value = text;
  hits = null;
  refresh();
  clearTimeout(timer);
  timer = setTimeout(search, 150);
  changed(text);
}

// seek searches again, for what has arrived since.
export function seek() {
  if ($("filter").value.trim() && !timer) timer = setTimeout(() => { timer = 0; search(); }, 1000);
}

$("filter").addEventListener("input", () => filter($("filter").value));
$("no-match").querySelector("button").addEventListener("click", () => filter(""));
$("scroll").addEventListener("scroll", soon, { passive: true });
new ResizeObserver(soon).observe($("scroll"));

$("list").addEventListener("click", (e) => {
  const line = e.target.closest("tr");
  if (line) choose(Number(line.dataset.id));
});

$("list").addEventListener("keydown", (e) => {
  const at = Number(e.target.closest("tr").dataset.id);
  const to = { ArrowDown: () => step(1, at), ArrowUp: () => step(-1, at), PageDown: () => step(15, at), PageUp: () => step(-15, at), Home: () => shown[0].id, End: () => shown.at(-1).id }[e.key];
  if (e.key === "Enter" || e.key === " ") choose(at);
  else if (to === undefined) return;
  else {
    const id = to();
    focus(id);
    if (selected) choose(id); // the open detail follows
  }
  e.preventDefault();
});
