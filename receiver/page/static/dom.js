// What came over the wire reaches the page through text nodes alone.

export const $ = (id) => document.getElementById(id);

// Controls that would hide text or turn its direction are shown by their code.
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
export const visible = (text) => text.replace(controls, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));

// el builds an element; children are elements or text.
export function el(name, className, ...children) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...children.map((c) => (c instanceof Node ? c : visible(String(c)))));
  return e;
}

export const tag = (kind, text, title) => {
  const e = el("span", "tag " + kind, text);
  if (title) e.title = visible(title);
  return e;
};

const integer = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export const count = (n) => integer.format(n);

export function bytes(n) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let i = 0;
  for (; n >= 999.5 && i < units.length - 1; i++) n /= 1000;
  return short.format(n) + " " + units[i];
}

export function took(ms) {
  if (ms < 1) return "<1 ms";
  return ms < 999.5 ? short.format(ms) + " ms" : short.format(ms / 1000) + " s";
}

export function clock(ms) {
  const t = new Date(ms);
  const two = (n) => String(n).padStart(2, "0");
  return `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}.${String(t.getMilliseconds()).padStart(3, "0")}`;
}

export const streamName = (q) => (q.namespace ? q.namespace + "." : "") + q.stream;

// copy puts a text on the clipboard and says so in its button. Browsers have a clipboard for https and
// this machine only.
export async function copy(button, get) {
  const name = button.textContent;
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(await get());
  } catch {
    said = "Not copied";
  }
  button.textContent = said;
  setTimeout(() => { button.textContent = name; }, 1500);
}
