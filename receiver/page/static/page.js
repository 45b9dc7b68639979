// The page follows the receiver's events; a new connection starts from nothing.
import { $, bytes, count } from "./dom.js";
import * as list from "./list.js";
import * as detail from "./detail.js";
import * as totals from "./totals.js";
import * as faults from "./faults.js";
import { newChart } from "./chart.js";

const charts = [
  newChart("chart-rows", "Rows/s", "rows", count),
  newChart("chart-bytes", "Bytes/s", "bytes", (n) => bytes(n) + "/s"),
];
const history = new Map(); // Unix second → {rows, bytes}
let ahead = 0; // of the receiver's clock before ours, ms
let started = 0; // when the receiver that we follow began; another one counts from 1 again
let chosen = 0;

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
  source.addEventListener("message", (e) => {
    const news = JSON.parse(e.data);
    if (started && news.started !== started && chosen) close();
    started = news.started;
    ahead = news.now - Date.now();
    for (const s of news.seconds || []) history.set(s.at, s);
    list.add(news.requests || []);
    totals.show(news.totals);
    $("keeps").hidden = !news.totals.requests;
    $("keeps").textContent = `The last ${count(news.keeps.requests)} requests are kept, within ${bytes(news.keeps.bytes)}; older ones are gone.`;
    faults.show(news.faults, news.in_force);
    drawCharts();
    if ((news.requests || []).some((q) => q.id === chosen)) load(chosen);
  });
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
  chosen = id;
  list.select(id);
  await load(id);
  // Where the detail has no place beside the list it opens below, out of sight.
  if (id === chosen && matchMedia("(max-width: 1240px)").matches) $("detail").scrollIntoView({ block: "start" });
}

function close() {
  const last = chosen;
  chosen = 0;
  $("detail").hidden = true;
  $("main").classList.remove("split");
  list.select(0);
  list.focus(last);
}

list.onChoose(choose);
detail.onChoose(choose);
detail.onClose(close);
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape" && chosen && !e.target.closest("input, select")) close();
});

$("address").textContent = location.origin;
$("copy").hidden = !navigator.clipboard; // browsers give it to https and this machine only
$("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(location.origin);
  $("copy").textContent = "Copied";
  setTimeout(() => { $("copy").textContent = "Copy"; }, 1500);
});
$("sample-config").textContent = `{"url": "${location.origin}/"}`;
$("sample-curl").textContent = `curl ${location.origin}/ -H 'Airbyte-Stream: users' -d '{
  "sync_mode": "insert",
  "rows": [
    {"data": {"name": "Ada", "score": 85}, "operation": "added", "primary_key": "1"},
    {"data": {"name": "Ben", "score": 71}, "operation": "added", "primary_key": "2"}
  ]
}'`;

setInterval(drawCharts, 1000);
follow();
