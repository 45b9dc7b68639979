// The list of requests, newest first. Only the lines in sight are in the document, and it changes
// once a frame, so that ten thousand requests cost no more than twenty. To scroll reads no layout:
// where the list is scrolled to, and how tall it and its lines are, is known from events.
import { $, count, el } from "./dom.js";
import { newLine, textOf } from "./line.js";

const overscan = 6; // lines beyond what is in sight
const box = $("scroll");
const requests = new Map(); // id → request
const lines = new Map(); // id → line in the document, and the request that it shows
let shown = []; // requests that match the filter, newest first
let stale = false; // shown is not what it should be
let hits = null; // ids of requests whose content matches, as the receiver says; null for unknown
let newest = 0; // id
let height = 37; // of a line
let measured = false; // the height is that of a line at the present width
let top = 0; // how far the list is scrolled
let moved = false; // top has been changed here, and the document does not know yet
let room = 0; // the height of the list
let selected = 0;
let current = 0; // the request in the tab order
let choose = () => {};
let drawing = false;

export function onChoose(f) { choose = f; }

// add shows requests that are new, and anew those that have changed; those before oldest are gone.
export function add(changed, oldest = 0) {
  for (const q of changed) {
    requests.set(q.id, q);
    newest = Math.max(newest, q.id);
  }
  for (const id of requests.keys()) if (id < oldest) requests.delete(id);
  refresh();
}

export function clear() {
  requests.clear();
  newest = 0;
  refresh();
}

function refresh() {
  stale = true;
  soon();
}

// sift applies the filter anew. What is in sight stays where it is while others arrive above.
function sift() {
  stale = false;
  const anchor = top > height ? shown[Math.floor(top / height)]?.id : 0;
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (q) => hits?.has(q.id) || words.every((w) => textOf(q).includes(w));
  shown = [...requests.values()].filter((q) => !words.length || matches(q)).sort((a, b) => b.id - a.id);
  const at = anchor ? shown.findIndex((q) => q.id === anchor) : -1;
  if (at >= 0) scrollTo(at * height + (top % height));
  if (!shown.some((q) => q.id === current)) current = shown.some((q) => q.id === selected) ? selected : shown[0]?.id || 0;
}

function scrollTo(to) {
  moved ||= to !== top;
  top = to;
}

// draw puts the lines in sight into the document, in order.
function draw() {
  drawing = false;
  if (stale) sift();
  say();
  const last = Math.min(shown.length, Math.ceil((top + room) / height) + overscan);
  const first = Math.max(0, Math.min(Math.floor(top / height), last - Math.ceil(room / height)) - overscan);
  place(shown.slice(first, last), first);
  set(box.firstElementChild, "aria-rowcount", shown.length + 1);
  space("above", first);
  space("below", shown.length - last);
  if (moved) box.scrollTop = top;
  moved = false;
  if (!measured) measure();
}

// say tells why there are no lines.
function say() {
  const none = requests.size > 0 && shown.length === 0;
  $("empty").hidden = requests.size > 0;
  box.firstElementChild.hidden = shown.length === 0;
  $("no-match").hidden = !none;
  if (none) $("no-match").firstElementChild.textContent = `None of the ${count(requests.size)} requests matches “${$("filter").value}”. Nothing is lost:`;
}

// place makes these the lines of the document, the first of them being line number first.
function place(wanted, first) {
  const keep = new Set(wanted.map((q) => q.id));
  const focused = Number(document.activeElement?.closest?.("#list tr")?.dataset.id);
  for (const [id, { line }] of lines) {
    if (keep.has(id) || id === focused && requests.has(id)) continue;
    line.remove();
    lines.delete(id);
  }
  let next = $("list").firstElementChild;
  wanted.forEach((q, i) => {
    const inPlace = next && next === lines.get(q.id)?.line;
    const line = lineOf(q, q.id === focused);
    if (inPlace) next = line.nextElementSibling;
    else $("list").insertBefore(line, next);
    set(line, "aria-rowindex", first + i + 2);
    set(line, "aria-selected", q.id === selected);
    set(line, "tabindex", q.id === current ? 0 : -1);
  });
}

// lineOf returns the line of the request as it is now.
function lineOf(q, focused) {
  const old = lines.get(q.id);
  if (old?.q === q) return old.line;
  const line = newLine(q);
  lines.set(q.id, { line, q });
  if (old) {
    set(line, "tabindex", -1);
    old.line.replaceWith(line);
    if (focused) line.focus({ preventScroll: true });
  }
  return line;
}

// set changes an attribute that is not so already.
function set(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// measure learns how tall a line is, which changes with the width of the list.
function measure() {
  const actual = $("list").firstElementChild?.offsetHeight;
  measured = actual > 0;
  if (!measured || actual === height) return;
  height = actual;
  reveal(selected);
  soon();
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

// matching returns the requests that match the filter now, newest first.
function matching() {
  if (stale) sift();
  return shown;
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
  lines.get(id)?.line.focus({ preventScroll: true });
}

// reveal scrolls the list, and nothing else, until the request is in sight.
function reveal(id) {
  const at = matching().findIndex((q) => q.id === id);
  if (at < 0) return;
  const head = box.querySelector("thead").offsetHeight;
  scrollTo(Math.min(at * height, Math.max(top, (at + 1) * height + head - room)));
}

// step returns the request that is n lines away from the current one.
export function step(n, from = selected || current) {
  const at = matching().findIndex((q) => q.id === from);
  return shown[Math.min(Math.max(at + n, 0), shown.length - 1)]?.id || 0;
}

// search asks the receiver for requests whose content matches: bodies are not on the page. Of those
// before after it has been asked already.
let asked = 0;
let searched = 0; // the newest request that was there when it was asked
async function search(after = 0) {
  const text = $("filter").value.trim();
  const turn = ++asked;
  const last = newest;
  let found = null;
  if (text) {
    try {
      const answer = await fetch(`api/requests?format=ids&after=${after}&text=${encodeURIComponent(text)}`);
      if (answer.ok) found = await answer.json();
    } catch { /* the receiver is gone, which the page says elsewhere */ }
  }
  if (turn !== asked) return; // the filter has changed meanwhile
  if (found) searched = last;
  hits = found && new Set(after && hits ? [...hits, ...found] : found);
  refresh();
}

let timer = 0;
let changed = () => {};
export function onFilter(f) { changed = f; }

export function filter(text) {
  $("filter").value = text;
  hits = null;
  stale = true;
  draw();
  clearTimeout(timer);
  later(150, 0);
  changed(text);
}

function later(ms, after) {
  timer = setTimeout(() => { timer = 0; search(after); }, ms);
}

// seek searches what has arrived since.
export function seek() {
  if ($("filter").value.trim() && !timer) later(1000, hits ? searched : 0);
}

$("filter").addEventListener("input", () => filter($("filter").value));
$("no-match").querySelector("button").addEventListener("click", () => filter(""));
box.addEventListener("scroll", () => {
  top = box.scrollTop;
  soon();
}, { passive: true });
new ResizeObserver(() => {
  room = box.clientHeight;
  measured = false;
  soon();
}).observe(box);

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
