// How numbers and times are written, and how text gets into the page: as text, never as markup.

export function rate(value) {
  if (value === 0) return "0/s";
  if (value < 0.01) return "<0.01/s";
  return `${digits(value)}/s`;
}

export function share(value) {
  if (value === null) return "–";
  if (value === 0) return "0 %";
  if (value < 0.001) return "<0.1 %";
  return `${digits(value * 100)} %`;
}

export function duration(seconds) {
  if (seconds === null) return "–";
  if (seconds < 0.001) return "<1 ms";
  return seconds < 1 ? `${digits(seconds * 1000)} ms` : `${digits(seconds)} s`;
}

function digits(value) {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
}

export function ago(seconds) {
  if (seconds < 5) return "just now";
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]])
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
}

export function moment(at, now) {
  const seconds = typeof at === "number" ? at : Date.parse(at) / 1000;
  return Number.isFinite(seconds) ? ago(Math.max(now - seconds, 0)) : "";
}

export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function mark(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

export function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function shape(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const STATES = { ok: "running", starting: "starting", down: "not running", unknown: "unknown" };

// A state is told by shape and word as well as by colour.
export function state(kind, said) {
  const known = kind in STATES ? kind : "unknown";
  const icon = shape("svg", { class: "state-icon", "aria-hidden": "true", width: 12, height: 12 });
  icon.append(shape("use", { href: `#state-${known}` }));
  return make("span", `state ${known}`, icon, make("span", "", said || STATES[known]));
}

// Make children for what is there now, and keep those that were there: nothing flickers, and focus stays.
export function keyed(parent, items, keyOf, create, update) {
  const there = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let before = null;
  for (const item of items) {
    const key = keyOf(item);
    let child = there.get(key);
    if (!child) {
      child = create(item);
      child.dataset.key = key;
    }
    there.delete(key);
    update(child, item);
    const next = before ? before.nextElementSibling : parent.firstElementChild;
    if (next !== child) parent.insertBefore(child, next);
    before = child;
  }
  for (const child of there.values()) child.remove();
}
