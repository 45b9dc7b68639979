// A body with line breaks: objects and arrays fold, and a search marks the lines that match.
import { count, el } from "./dom.js";

const maxLines = 20000; // more than anybody folds; the whole body can be saved
const maxDepth = 100; // deeper ones do not fold, as browsers draw deep elements slowly or not at all

export function body(d) {
  if (!d.bytes) return el("p", "hint", "No body.");
  if (d.body_cut && !d.body) return el("p", "hint", "This body was too large to keep.");
  const search = el("input");
  search.type = "search";
  search.placeholder = "Search in the body";
  search.setAttribute("aria-label", "Search in the body");
  search.dataset.key = "body-search";
  const state = el("span", "dim");
  state.setAttribute("role", "status");
  const save = el("a", "quiet", "Save");
  save.href = `requests/${d.id}/body`;
  save.setAttribute("download", `request-${d.id}.json`);
  const place = el("div", "code", el("pre", "", d.body));
  place.tabIndex = 0; // the keyboard scrolls it, also if nothing in it folds
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", "Body");
  const bar = el("div", "bar-small", search, state, save);
  search.addEventListener("input", () => mark(place, search.value, state));
  indented(d, place);
  return el("div", "body-tab", bar, place);
}

async function indented(d, place) {
  try {
    const answer = await fetch(`requests/${d.id}/body?format=indented`);
    if (answer.ok) place.replaceChildren(folded((await answer.text()).split("\n")));
  } catch { /* the text that is there stays */ }
}

// folded builds a tree out of indented lines. The values stay text, so that no number is rounded.
function folded(lines) {
  const top = el("div", "fold");
  const stack = [top];
  let deeper = 0;
  for (const line of lines.slice(0, maxLines)) {
    const text = line.trimStart();
    const row = (name) => el(name, "line", " ".repeat(line.length - text.length) + text);
    const opens = /[{[]$/.test(text), closes = /^[}\]],?$/.test(text);
    if (opens && stack.length > maxDepth || closes && deeper) {
      deeper += opens ? 1 : -1;
      stack.at(-1).append(row("div"));
    } else if (closes && stack.length > 1) {
      stack.pop().parentElement.after(row("div"));
    } else if (opens) {
      const inner = el("div");
      const fold = el("details", "", row("summary"), inner);
      fold.open = true;
      stack.at(-1).append(fold);
      stack.push(inner);
    } else stack.at(-1).append(row("div"));
  }
  if (lines.length > maxLines) top.append(el("p", "hint", `The first ${count(maxLines)} of ${count(lines.length)} lines.`));
  return top;
}

function mark(place, text, state) {
  const wanted = text.toLowerCase();
  let n = 0;
  let first = null;
  for (const line of place.querySelectorAll(".line")) {
    const hit = wanted !== "" && line.textContent.toLowerCase().includes(wanted);
    line.classList.toggle("hit", hit);
    if (!hit) continue;
    n++;
    first ??= line;
    for (let fold = line.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  }
  state.textContent = wanted ? `${count(n)} ${n === 1 ? "line" : "lines"}` : "";
  first?.scrollIntoView({ block: "nearest" });
}
