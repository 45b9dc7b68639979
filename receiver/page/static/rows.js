// The rows of one request: in parts, by content, rejected ones alone, and any value in full.
import { count, el, tag } from "./dom.js";

const maxColumns = 40;
const query = { text: "", rejected: false }; // holds on to the choice from one request to the next
let turn = 0;

// rows draws the first rows, which came with the request, and asks for others as they are needed.
export function rows(d) {
  if (!d.sync_mode || !d.rows) {
    return el("p", "hint", d.problem ? "This body is no envelope: " + d.problem : d.body_cut && !d.body ? "This body was too large to keep." : d.sync_mode ? "A batch without rows: a check of the connection." : "No body.");
  }
  const search = el("input");
  search.type = "search";
  search.placeholder = "Search in rows";
  search.setAttribute("aria-label", "Search in rows");
  search.dataset.key = "rows-search";
  search.value = query.text;
  const only = el("input");
  only.type = "checkbox";
  only.checked = query.rejected;
  only.dataset.key = "rows-rejected";
  const state = el("span", "dim");
  state.setAttribute("role", "status");
  const place = el("div", "row-table");
  const all = el("div", "rows-tab", el("div", "bar-small", search, ...(d.rejected ? [el("label", "check-small", only, `Rejected only (${count(d.rejected)})`)] : []), state), place);
  const load = (first) => fill(d, place, state, first);
  const again = () => { query.text = search.value; if (d.rejected) query.rejected = only.checked; load(null); };
  let timer = 0;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(again, 150); });
  only.addEventListener("change", again);
  load(chosen(d) ? null : d);
  return all;
}

const chosen = (d) => (query.text ? "&text=" + encodeURIComponent(query.text) : "") + (query.rejected && d.rejected ? "&rejected=true" : "");

async function part(d, from) {
  const answer = await fetch(`requests/${d.id}/rows?from=${from}${chosen(d)}`);
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

// partial shows a table and a button for its next part, which presses itself when it comes in sight.
export function partial(place, table, first, get, say = () => {}) {
  const more = el("button", "more", "More rows");
  more.type = "button";
  let next = 0;
  const show = (c) => {
    table.append(c.rows_shown);
    next = c.rows_next;
    more.hidden = next < 0;
    say(next);
  };
  let busy = false;
  const load = async () => {
    if (busy || next < 0 || !more.isConnected) return;
    busy = true;
    try {
      show(await get(next));
    } catch { say(null); }
    busy = false;
    inSight.unobserve(more); // observing again tells whether it is still in sight
    inSight.observe(more);
  };
  const inSight = new IntersectionObserver((seen) => { if (seen.some((s) => s.isIntersecting)) load(); });
  more.addEventListener("click", load);
  inSight.observe(more);
  place.replaceChildren(table.element, more);
  show(first);
}

// fill draws the first part.
async function fill(d, place, state, first) {
  const mine = ++turn;
  try {
    const content = first || await part(d, 0);
    if (mine !== turn) return;
    const table = newTable(d);
    const say = (next) => { state.textContent = next === null ? "The receiver does not answer, or keeps this request no longer." : `${count(table.size())} of ${count(d.rows)} rows` + (next < 0 ? "" : " so far"); };
    partial(place, table, content, (from) => part(d, from), say);
    if (!table.size()) place.replaceChildren(el("p", "hint", "No row matches."));
  } catch (e) {
    if (mine === turn) place.replaceChildren(el("p", "hint", "The receiver is gone, or keeps this request no longer."));
  }
}

// newTable grows by parts; a part may bring new columns.
export function newTable(d) {
  const names = [];
  const verdicts = d.rejected ? ["Verdict"] : [];
  const head = el("tr");
  const lines = el("tbody");
  const drawn = [];
  const draw = (r) => {
    const cells = new Map(r.cells.map((c) => [c.name, c]));
    const key = el("td", "key", r.key ? keyButton(d, r) : "–");
    const line = el("tr", r.rejected ? "rejected" : "", el("td", "index", r.index), el("td", "operation", operation(r)), key);
    if (verdicts.length) line.append(r.rejected ? el("td", "", tag("warn", "rejected"), r.rejected) : el("td", "dim", "accepted"));
    for (const name of names) line.append(valueCell(d, r, cells.get(name)));
    const hidden = r.hidden + r.cells.filter((c) => !names.includes(c.name)).length;
    if (hidden) line.append(el("td", "dim", `and ${count(hidden)} ${hidden === 1 ? "field" : "fields"} more`));
    return line;
  };
  return {
    element: el("table", "", el("thead", "", head), lines),
    size: () => drawn.length,
    append(rows) {
      const before = names.length;
      for (const r of rows) for (const c of r.cells) if (names.length < maxColumns && !names.includes(c.name)) names.push(c.name);
      drawn.push(...rows);
      if (before !== names.length) {
        head.replaceChildren(...["#", "Operation", "Key", ...verdicts, ...names].map((n, i) => {
          const th = el("th", ["index", "operation", "key"][i] || "", n);
          th.scope = "col";
          return th;
        }));
        lines.replaceChildren(...drawn.map(draw));
      } else lines.append(...rows.map(draw));
    },
  };
}

export function operation(r) {
  return tag({ added: "good", changed: "calm", removed: "bad" }[r.operation] || "", r.operation || "–");
}

let history = () => {};
export function onKey(f) { history = f; }

function keyButton(d, r) {
  const button = el("button", "link", r.key);
  button.type = "button";
  button.title = "Show the history of this key";
  button.addEventListener("click", () => history({ namespace: d.namespace, stream: d.stream, key: r.key }));
  return button;
}

// valueCell opens a value that is cut, or too long for its column, in full.
function valueCell(d, r, c) {
  if (!c) return el("td", "absent");
  const cell = el("td", c.kind);
  if (!c.cut && c.text.length <= 30) {
    cell.append(el("span", "", c.text));
    return cell;
  }
  const button = el("button", "value", c.text);
  button.type = "button";
  button.title = "Show the whole value";
  button.addEventListener("click", () => open(d, r, c));
  cell.append(button);
  return cell;
}

async function open(d, r, c) {
  const text = el("pre", "", c.text);
  text.tabIndex = 0;
  const close = el("button", "quiet", "Close");
  const dialog = el("dialog", "value", el("div", "head", el("h2", "", `${c.name} of row ${r.index}`), close), text);
  dialog.setAttribute("aria-label", "Value");
  close.type = "button";
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  if (!c.cut) return;
  try {
    const answer = await fetch(`requests/${r.request || d.id}/rows/${r.index}?field=${encodeURIComponent(c.name)}`);
    text.replaceChildren(el("span", "", answer.ok ? await answer.text() : c.text));
  } catch { /* what is cut stays cut */ }
}
