// The history of one key, the table of a stream as it is now, and what differs between two requests.
import { clock, count, el, streamName, tag } from "./dom.js";
import { newTable, operation, partial } from "./rows.js";
import { claim } from "./totals.js";

let choose = () => {};
export function onChoose(f) { choose = f; }

// show opens a dialog; draw fills it with what the receiver answers.
async function show(title, path, draw) {
  const close = el("button", "quiet", "Close");
  const place = el("div", "content", el("p", "hint", "…"));
  const dialog = el("dialog", "wide-dialog", el("div", "head", el("h2", "", title), close), place);
  dialog.setAttribute("aria-label", title);
  close.type = "button";
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  try {
    const answer = await fetch(path);
    const content = await answer.json();
    place.replaceChildren(...(answer.ok ? draw(content, dialog) : [el("p", "hint", content.error)]));
  } catch { place.replaceChildren(el("p", "hint", "The receiver is gone.")); }
}

const query = (s) => `stream=${encodeURIComponent(s.stream)}&namespace=${encodeURIComponent(s.namespace)}`;

export function history(s) {
  show(`${streamName(s)} · ${s.key}`, `api/history?${query(s)}&key=${encodeURIComponent(s.key)}`, (h, dialog) => {
    const verdict = !h.ordered ? tag("", "The order cannot be checked: rows have an emitted_at only with include_metadata")
      : h.overtaken ? tag("bad", `${count(h.overtaken)} ${h.overtaken === 1 ? "row was" : "rows were"} accepted after a newer one`)
      : tag("good", "No older row came after a newer one");
    verdict.dataset.key = "order";
    const lines = el("tbody");
    let before = null;
    for (const v of h.versions) {
      const open = el("button", "link", `#${v.request}`);
      open.type = "button";
      open.addEventListener("click", () => { dialog.close(); choose(v.request); });
      const marks = [v.accepted ? "" : v.rejected ? tag("warn", "rejected", v.rejected) : tag("bad", v.status || "no answer"), v.duplicate ? tag("warn", "duplicate") : "", v.overtaken ? tag("bad", "older than the one before") : ""];
      lines.append(el("tr", "", el("td", "", open, ` row ${v.index}`), el("td", "", clock(v.time)), el("td", "", operation(v), ...marks.filter((m) => m !== "")), changes(v, before)));
      if (v.accepted) before = v;
    }
    const head = el("thead", "", el("tr", "", ...["Request", "Arrived", "Operation", "Values"].map((n) => el("th", "", n))));
    const left = h.left ? [el("p", "hint", `${count(h.left)} rows before these are not shown.`)] : [];
    return [el("p", "hint", `${count(h.versions.length)} ${h.versions.length === 1 ? "row" : "rows"} came for this key. `, verdict), ...left, el("table", "history", head, lines)];
  });
}

// changes lists the fields that differ from the last accepted row, or all of the first one.
function changes(v, before) {
  const list = el("td", "values");
  const old = new Map((before?.cells || []).map((c) => [c.name, c.text]));
  for (const c of v.cells) {
    const was = old.get(c.name);
    old.delete(c.name);
    if (before && was === c.text) continue;
    list.append(el("div", "", el("span", "dim", c.name + " "), ...(before && was !== undefined ? [el("del", "", was), " → "] : []), el("ins", "", c.text)));
  }
  for (const [name, was] of old) list.append(el("div", "", el("span", "dim", name + " "), el("del", "", was)));
  if (!list.childNodes.length) list.append(el("span", "dim", "the same values"));
  return list;
}

export function table(s) {
  const path = `api/table?${query(s)}`;
  show(streamName(s), path, (t) => {
    const words = ["added", "changed", "removed", ""].filter((o) => t.operations[o]).map((o) => `${count(t.operations[o])} ${o || "of unknown operation"}`);
    if (t.keyless) words.push(`${count(t.keyless)} without a key, which are not in the table`);
    const save = el("a", "quiet", "Save as NDJSON");
    save.href = path + "&format=ndjson";
    save.setAttribute("download", "table.ndjson");
    const whole = t.complete ? "" : tag("warn", "incomplete: older requests are no longer kept");
    const cut = t.cut ? tag("warn", "incomplete: there are more keys than are shown") : "";
    const place = el("div", "row-table");
    const rows = newTable({ ...s, rejected: 0, id: 0 });
    partial(place, rows, t, async (from) => (await fetch(`${path}&from=${from}`)).json());
    return [el("p", "hint", `${count(t.total)} ${t.total === 1 ? "row" : "rows"} now, after ${words.join(", ") || "nothing"}. `, whole, cut, claim(s), save), place];
  });
}

export function compare(left, right) {
  show(`#${left} and #${right}`, `requests/${left}/diff/${right}`, (list) => {
    if (!list.length) return [el("p", "hint", "Nothing differs.")];
    const lines = list.map((d) => el("tr", "", el("td", "", d.what), el("td", "", el("del", "", d.left)), el("td", "", el("ins", "", d.right))));
    return [el("table", "headers", el("thead", "", el("tr", "", ...["", "#" + left, "#" + right].map((n) => el("th", "", n)))), el("tbody", "", ...lines))];
  });
}
