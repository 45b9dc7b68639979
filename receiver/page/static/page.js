// The page follows the receiver's events; a new connection starts from nothing.
import { $, bytes, copy, count } from "./dom.js";
import * as list from "./list.js";
import * as detail from "./detail.js";
import * as totals from "./totals.js";
import * as faults from "./faults.js";
import { newChart } from "./chart.js";
import * as keys from "./history.js";
import { onKey } from "./rows.js";

const charts = [
  newChart("chart-rows", "Rows/s", "rows", count),
  newChart("chart-bytes", "Bytes/s", "bytes", (n) => bytes(n) + "/s"),
];
const history = new Map(); // Unix second → {rows, bytes}
let ahead = 0; // of the receiver's clock before ours, ms
let started = 0; // when the receiver that we follow began; another one counts from 1 again
let chosen = 0;
let paused = null; // requests that came since the pause; null while the list is live

function drawCharts() {
  const at = Math.floor((Date.now() + ahead) / 1000);
  for (const second of history.keys()) if (second < at - 150) history.delete(second);
  for (const draw of charts) draw(history, at);
}

function follow() {
  const source = new EventSource("events");
  source.addEventListener("open", () => {
    list.clear();
    history.clear();
    live("on", "Live");
  });
  source.addEventListener("error", () => live("off", "The receiver is gone; trying again"));
  source.addEventListener("message", (e) => hear(JSON.parse(e.data)));
  source.addEventListener("more", (e) => arrive(JSON.parse(e.data).requests));
}

function hear(news) {
  if (started && news.started !== started) {
    if (chosen) close();
    list.clear();
  }
  started = news.started;
  ahead = news.now - Date.now();
  for (const s of news.seconds || []) history.set(s.at, s);
  if (!latest) requestAnimationFrame(show);
  latest = news;
  arrive(news.requests || [], news.oldest);
}

// show shows the latest event, once a frame.
let latest = null;
function show() {
  const news = latest;
  latest = null;
  totals.show(news.totals, news.claims);
  sample(news.signed);
  detail.setTarget(news.target);
  $("target").textContent = news.target ? "→ " + news.target : "";
  $("keeps").hidden = !news.totals.requests;
  $("keeps").textContent = `The last ${count(news.keeps.requests)} requests are kept, within ${bytes(news.keeps.bytes)}; older ones are gone.`;
  faults.show(news.faults, news.in_force);
  drawCharts();
}

// arrive takes requests that are new or have changed.
function arrive(requests, oldest) {
  if (paused) {
    for (const q of requests) paused.set(q.id, q);
    pauseButton();
    return;
  }
  list.add(requests, oldest);
  if (requests.length) list.seek();
  if (requests.some((q) => q.id === chosen)) load(chosen);
  if (linked && requests.some((q) => q.id === linked)) {
    choose(linked);
    linked = 0;
  }
}

function live(state, text) {
  $("live").className = "live " + state;
  $("live").textContent = text;
}

// load shows the request, or why it cannot be shown.
async function load(id) {
  let show = () => detail.fail(id, "The receiver is gone.");
  try {
    const answer = await fetch("requests/" + id);
    const content = await answer.json();
    show = answer.ok ? () => detail.show(content) : () => detail.fail(id, content.error);
  } catch { /* it said nothing, or no JSON */ }
  if (id !== chosen) return; // another one was chosen meanwhile
  show();
  $("detail").hidden = false;
  $("main").classList.add("split");
  list.select(id);
}

async function choose(id) {
  if (!id) return;
  chosen = id;
  link();
  list.select(id);
  await load(id);
  // Where the detail has no place beside the list it opens below, out of sight.
  if (id === chosen && matchMedia("(max-width: 1100px)").matches) $("detail").scrollIntoView({ block: "start" });
}

function close() {
  const last = chosen;
  chosen = 0;
  link();
  $("detail").hidden = true;
  $("main").classList.remove("split");
  list.select(0);
  list.focus(last);
}

// The address holds what is chosen, so that a reload, or somebody else, sees the same.
let tab = "";
function link() {
  const state = new URLSearchParams();
  if (chosen) state.set("id", chosen);
  if (tab && tab !== "Rows") state.set("tab", tab);
  if ($("filter").value) state.set("filter", $("filter").value);
  window.history.replaceState(null, "", state.size ? "#" + state : location.pathname);
}

const state = new URLSearchParams(location.hash.slice(1));
let linked = Number(state.get("id")) || 0;
if (state.get("tab")) detail.setTab(tab = state.get("tab"));
if (state.get("filter")) list.filter(state.get("filter"));

list.onChoose(choose);
list.onFilter(link);
detail.onChoose(choose);
detail.onClose(close);
detail.onTab((name) => { tab = name; link(); });
keys.onChoose(choose);
onKey(keys.history);
detail.onCompare(keys.compare);
totals.onTable(keys.table);
totals.onStream((name) => { list.filter(name); drawer(false); });
$("total-failed").addEventListener("click", () => list.filter("failed"));

function pauseButton() {
  $("pause").setAttribute("aria-pressed", String(paused !== null));
  $("pause").textContent = paused ? `Resume (${count(paused.size)})` : "Pause";
}

$("pause").addEventListener("click", () => {
  if (paused) list.add(paused.values());
  paused = paused ? null : new Map();
  pauseButton();
});

// Clearing takes two clicks: what is forgotten does not come back.
let sure = 0;
$("clear").addEventListener("click", async () => {
  clearTimeout(sure);
  if ($("clear").textContent === "Clear") {
    $("clear").textContent = "Forget all?";
    sure = setTimeout(() => { $("clear").textContent = "Clear"; }, 4000);
    return;
  }
  $("clear").textContent = "Clear";
  try {
    await fetch("api/reset", { method: "POST" });
    if (chosen) close();
    if (paused) paused.clear();
  } catch { /* the page says elsewhere that the receiver is gone */ }
});

// The drawer holds streams and faults where there is no column for them.
function drawer(open) {
  $("side").classList.toggle("open", open);
  $("drawer").setAttribute("aria-expanded", String(open));
}
$("drawer").addEventListener("click", () => drawer(!$("side").classList.contains("open")));
$("in-force").addEventListener("click", () => { drawer(true); $("faults").scrollIntoView({ block: "nearest" }); $("faults").focus({ preventScroll: true }); });

function escape() {
  if ($("side").classList.contains("open")) drawer(false);
  else if (chosen) close();
}

document.addEventListener("keydown", (e) => {
  if (e.key === "Escape") {
    if (!e.target.closest("input, select, dialog")) escape();
    return;
  }
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, select, textarea, dialog")) return;
  const act = { "/": () => $("filter").focus(), "?": () => $("keys").showModal(), j: () => choose(list.step(chosen ? 1 : 0)), k: () => choose(list.step(chosen ? -1 : 0)) }[e.key];
  if (!act) return;
  e.preventDefault();
  act();
});
$("help").addEventListener("click", () => $("keys").showModal());

$("address").textContent = location.origin;
$("copy").hidden = !navigator.clipboard;
$("copy").addEventListener("click", () => copy($("copy"), async () => location.origin));

// sample says how to begin, with signatures if the receiver asks for them.
function sample(signed) {
  $("sample-config").textContent = signed
    ? `{"url": "${location.origin}/", "signing": {"secret": "whsec_…"}}`
    : `{"url": "${location.origin}/"}`;
  const body = `{
  "sync_mode": "insert",
  "rows": [
    {"data": {"name": "Ada", "score": 85}, "operation": "added", "primary_key": "1"},
    {"data": {"name": "Ben", "score": 71}, "operation": "added", "primary_key": "2"}
  ]
}`;
  $("sample-text").textContent = signed ? "This receiver verifies signatures. Or send two rows by hand, signed with the same secret in WEBHOOK_SECRET:" : "Or send two rows by hand:";
  $("sample-curl").textContent = signed
    ? `echo '${body}' > rows.json
destination-webhook sign rows.json | curl ${location.origin}/ -H @- -H 'Airbyte-Stream: users' --data-binary @rows.json`
    : `curl ${location.origin}/ -H 'Airbyte-Stream: users' -d '${body}'`;
}

setInterval(drawCharts, 1000);
follow();
