// One line of the list: what a person sees of a request, and what the filter looks in.
import { bytes, clock, count, el, streamName, tag, took } from "./dom.js";

// newLine returns the line of a request.
export function newLine(q) {
  const line = el("tr");
  line.dataset.id = q.id;
  const cell = (className, ...children) => el("td", className, ...children);
  line.append(
    cell("status", statusTag(q)), cell("time", ...time(q)), name(q),
    cell("wide", q.sync_mode), cell("n rows", q.sync_mode ? count(q.rows) : ""), cell("n wide", bytes(q.bytes)),
    cell("n wide took", q.done ? took(q.duration) : ""), cell("notes", ...notes(q).map((n) => tag(...n)), el("span", "brief", brief(q))));
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

const status = (q) => (q.done ? q.status || "no answer" : "waiting");

export function statusTag(q) {
  const answered = { 2: "good", 3: "calm", 4: "warn", 5: "bad" }[Math.floor(q.status / 100)] || "";
  return tag(q.done ? (q.status ? answered : "bad") : "wait", status(q));
}

// notes returns what is said of a request besides its columns: kind, text and title of each tag.
function notes(q) {
  const list = [];
  if (q.attempt > 1) list.push(["calm", "attempt " + q.attempt]);
  if (q.duplicate) list.push(["warn", "duplicate", "this Webhook-Id has been accepted before"]);
  if (q.signature && q.signature !== "valid") list.push(["bad", "signature", q.signature]);
  if (q.rejected) list.push(["warn", count(q.rejected) + " rejected"]);
  if (q.fault && !q.rejected) list.push(["", q.fault === "status" ? "fault" : "fault: " + q.fault, "the answer is made by a fault"]);
  if (q.manifest) list.push([q.status === 409 ? "bad" : "calm", "manifest", "it says which batches of the stream must be here"]);
  if (q.problem) list.push(["warn", "no envelope", q.problem]);
  return list;
}

const texts = new WeakMap(); // request → what textOf has returned

// textOf is what a person sees of a request, and what else identifies it, in lower case.
export function textOf(q) {
  let text = texts.get(q);
  if (text === undefined) {
    const failed = q.done && (q.status < 200 || q.status > 299);
    text = [streamName(q), "#" + q.id, q.method, q.url, q.sync_mode, q.webhook_id, q.fault, failed ? "failed" : "", status(q), ...notes(q).map((n) => n[1])].join(" ").toLowerCase();
    texts.set(q, text);
  }
  return text;
}
