// A bar for each of the last 120 seconds.
import { $, el } from "./dom.js";

const seconds = 120;
const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);

export function newChart(id, label, field, format) {
  const now = el("b", "", format(0));
  const peak = el("span");
  const picture = svg("svg");
  picture.setAttribute("viewBox", `0 0 ${seconds} 40`);
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("role", "img");
  const ground = svg("line");
  for (const [name, value] of Object.entries({ x1: 0, x2: seconds, y1: 40, y2: 40, "vector-effect": "non-scaling-stroke" })) ground.setAttribute(name, value);
  const bars = Array.from({ length: seconds }, (_, i) => {
    const bar = svg("rect");
    bar.setAttribute("x", i + 0.12);
    bar.setAttribute("width", 0.76);
    return bar;
  });
  picture.append(ground, ...bars);
  $(id).append(el("figcaption", "", el("span", "", label + " ", now), peak), picture);

  // draw takes the history, a map of Unix seconds, and the current second.
  return (history, at) => {
    const values = bars.map((_, i) => history.get(at - seconds + 1 + i)?.[field] || 0);
    const top = Math.max(...values);
    values.forEach((v, i) => {
      const height = v ? Math.max((v / top) * 38, 1.2) : 0;
      bars[i].setAttribute("y", 40 - height);
      bars[i].setAttribute("height", height);
    });
    now.textContent = format(values[seconds - 2]); // the last whole second
    peak.textContent = top ? "peak " + format(top) : "last 2 minutes";
    picture.setAttribute("aria-label", `${label}, last two minutes: now ${now.textContent}, peak ${format(top)}`);
  };
}
