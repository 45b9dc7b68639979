// The form that sets the faults.
import { $ } from "./dom.js";

const form = $("faults");
let inForce = ""; // the faults last seen, to tell a change from elsewhere
let dirty = false;

// show fills the form, unless somebody is writing in it.
export function show(faults, line) {
  $("in-force").textContent = line ? "Misbehaving: " + line : "Behaving";
  $("in-force").title = line;
  $("in-force").classList.toggle("on", line !== "");
  const now = JSON.stringify(faults);
  if (now !== inForce && !dirty) fill(faults);
  inForce = now;
}

function fill(faults) {
  for (const field of form.elements) {
    if (!field.name) continue;
    const value = faults[field.name] || "";
    if (field.type === "checkbox") field.checked = value === "true";
    else field.value = value === "status" ? "" : value;
  }
}

function read() {
  const faults = {};
  for (const field of form.elements) {
    if (field.name) faults[field.name] = field.type === "checkbox" ? String(field.checked) : field.value;
  }
  return faults;
}

async function apply(faults) {
  let ok = false;
  let content = { error: "The receiver is gone; nothing was changed." };
  try {
    const answer = await fetch("faults", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(faults) });
    content = await answer.json();
    ok = answer.ok;
  } catch { /* it said nothing, or no JSON */ }
  for (const field of form.elements) {
    if (field.name) field.setAttribute("aria-invalid", String(!ok && field.name === content.field));
  }
  $("fault-error").textContent = ok ? "" : content.error;
  $("fault-state").textContent = ok ? "In force" : "";
  dirty = !ok;
  if (ok) fill(content);
}

form.addEventListener("input", () => {
  dirty = true;
  $("fault-state").textContent = "Not applied yet";
});

form.addEventListener("submit", (e) => {
  e.preventDefault();
  apply(read());
});

// A preset is a line of name=value; what it leaves out is cleared.
form.addEventListener("click", (e) => {
  const preset = e.target.dataset.preset;
  if (preset === undefined) return;
  apply(Object.fromEntries(preset.split(" ").filter(Boolean).map((p) => p.split("="))));
});
