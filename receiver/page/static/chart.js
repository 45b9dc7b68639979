// A bar for each of the last 120 seconds, with an axis, and the values of the second under the pointer.
import { $, el } from "./dom.js";

const seconds = 120;
const svg = (name, attributes) => {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  return e;
};

export function newChart(id, label, field, format) {
  const now = el("b", "", format(0));
  const top = el("span", "axis", "");
  const picture = svg("svg", { viewBox: `0 0 ${seconds} 40`, preserveAspectRatio: "none", role: "img" });
  const ground = svg("line", { x1: 0, x2: seconds, y1: 40, y2: 40, "vector-effect": "non-scaling-stroke" });
  const ceiling = svg("line", { x1: 0, x2: seconds, y1: 2, y2: 2, "vector-effect": "non-scaling-stroke", "stroke-dasharray": "2 4" });
  const pointer = svg("line", { class: "pointer", y1: 0, y2: 40, "vector-effect": "non-scaling-stroke", visibility: "hidden" });
  const bars = Array.from({ length: seconds }, (_, i) => svg("rect", { x: i + 0.12, width: 0.76 }));
  picture.append(ceiling, ground, ...bars, pointer);
  const times = el("div", "axis", el("span", "", "2 min ago"), el("span", "", "1 min ago"), el("span", "", "now"));
  $(id).append(el("figcaption", "", el("span", "", label + " ", now), top), picture, times);

  let values = [];
  const heights = []; // of the bars as they are drawn
  let ends = 0; // Unix second of the last bar
  let under = -1; // the bar under the pointer
  const tell = () => {
    const most = Math.max(0, ...values);
    pointer.setAttribute("visibility", under < 0 ? "hidden" : "visible");
    pointer.setAttribute("x1", under + 0.5);
    pointer.setAttribute("x2", under + 0.5);
    top.textContent = under >= 0
      ? `${new Date((ends - seconds + 1 + under) * 1000).toLocaleTimeString("en-GB")}: ${format(values[under])}`
      : "peak " + format(most);
  };
  picture.addEventListener("pointermove", (e) => {
    const box = picture.getBoundingClientRect();
    under = Math.min(seconds - 1, Math.max(0, Math.floor(((e.clientX - box.left) / box.width) * seconds)));
    tell();
  });
  picture.addEventListener("pointerleave", () => { under = -1; tell(); });

  // draw takes the history, a map of Unix seconds, and the current second.
  return (history, at) => {
    ends = at;
    values = bars.map((_, i) => history.get(at - seconds + 1 + i)?.[field] || 0);
    const most = Math.max(...values);
    values.forEach((v, i) => {
      const height = v ? Math.max((v / most) * 38, 1.2) : 0;
      if (heights[i] === height) return;
      heights[i] = height;
      bars[i].setAttribute("y", 40 - height);
      bars[i].setAttribute("height", height);
    });
    now.textContent = format(values[seconds - 2]); // the last whole second
    tell();
    picture.setAttribute("aria-label", `${label}, last two minutes: now ${now.textContent}, peak ${format(most)}`);
  };
}
