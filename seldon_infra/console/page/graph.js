// Draws a deployment's graph, and writes numbers into it as they come.

import { duration, rate, say, shape, share } from "./words.js";

const PADDING = 16;

export class Graph {
  constructor(place) {
    this.place = place;
    this.drawn = "";
  }

  show(name, drawing, numbers, states) {
    const text = name + JSON.stringify(drawing);
    if (text !== this.drawn) {
      this.drawn = text;
      this.draw(name, drawing);
    }
    for (const way of this.ways) tellWay(way, numbers[way.id]);
    for (const box of this.boxes) tellBox(box, numbers[box.id], states[box.id]);
  }

  draw(name, drawing) {
    const { width, height } = drawing;
    const svg = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Predictor graph of ${name}` });
    for (const panel of drawing.panels) svg.append(panelOf(panel));
    this.ways = drawing.ways.map((way) => wayOf(way));
    svg.append(...this.ways.map((way) => way.line));
    for (const [cx, cy] of drawing.forks) svg.append(shape("circle", { class: "fork", cx, cy, r: 3.5 }));
    this.boxes = drawing.boxes.map((box) => boxOf(box));
    svg.append(...this.boxes.map((box) => box.group), ...this.ways.map((way) => way.words));
    this.place.replaceChildren(svg);
  }
}

function line(className, x, y, words) {
  const text = shape("text", { class: className, x, y });
  text.textContent = words;
  return text;
}

function panelOf(panel) {
  const { x, y, w, h } = panel;
  const frame = shape("rect", { class: `panel${panel.shadow ? " dashed" : ""}`, x, y, width: w, height: h, rx: 12 });
  return shape("g", {}, frame, line("name", x + 20, y + 25, panel.name), line("note", x + 20, y + 43, panel.notes));
}

function wayOf(way) {
  const path = shape("path", { class: `way${way.shadow ? " dashed" : ""}`, d: way.path, "stroke-width": way.thick });
  const drawn = shape("g", { class: "edge" }, path);
  if (way.tip) {
    const [x, y, long] = way.tip;
    drawn.append(shape("path", { class: "tip", d: `M${x} ${y}L${x - long - 1} ${y - long * 0.6}V${y + long * 0.6}Z` }));
  }
  const frame = shape("rect", { class: "pill" });
  const upper = line("label", way.x, way.y + 4, "");
  const lower = line("under", way.x, way.y + 13, "");
  const title = shape("title", {});
  const words = shape("g", { class: "words" }, title, frame, upper, lower);
  return { ...way, line: drawn, words, frame, upper, lower, title };
}

function tellWay(way, numbers) {
  const told = numbers ? rate(numbers[0]) : "";
  const upper = [way.label, told].filter(Boolean).join(" · ");
  const some = numbers && numbers[1] !== null;
  const lower = some ? `${share(numbers[1])} · ${duration(numbers[2])}` : "";
  if (way.upper.textContent !== upper || way.lower.textContent !== lower) writePill(way, upper, lower);
  const failing = some && numbers[1] > 0;
  way.words.classList.toggle("failing", Boolean(failing));
  way.line.classList.toggle("idle", !numbers || numbers[0] === 0);
  say(way.title, some ? `${way.id}: ${told}, ${share(numbers[1])} fail, 99 % within ${duration(numbers[2])}` : way.id);
}

// One line or two in a pill as wide as the wider of them, on the middle of the way.
function writePill(way, upper, lower) {
  say(way.upper, upper);
  say(way.lower, lower);
  const wide = Math.max(way.upper.getComputedTextLength(), way.lower.getComputedTextLength());
  const [width, height] = [upper || lower ? wide + 20 : 0, lower ? 38 : 22];
  const frame = { x: way.x - width / 2, y: way.y - height / 2, width, height, rx: 11 };
  for (const [name, value] of Object.entries(frame)) way.frame.setAttribute(name, value);
  way.upper.setAttribute("y", way.y + (lower ? -3 : 4));
}

function boxOf(box) {
  const { x, y, w, h } = box;
  const left = x + PADDING;
  const title = shape("title", {});
  title.textContent = [`${box.caption} ${box.whole}`, ...box.details].join("\n");
  const group = shape("g", { class: `node ${box.kind}` }, title, shape("rect", { class: "box", x, y, width: w, height: h, rx: 8 }));
  if (box.kind === "router") {
    const right = x + w;
    const middle = y + h / 2;
    group.append(shape("path", { class: "sign", d: `M${right - 10} ${middle}l10 -10 10 10 -10 10Z` }));
    group.append(shape("path", { class: "glyph", d: `M${right - 4} ${middle}h3l4 -3M${right - 1} ${middle}l4 3` }));
  } else if (box.kind === "combiner") {
    const middle = y + h / 2;
    group.append(shape("circle", { class: "sign", cx: x, cy: middle, r: 11 }));
    group.append(shape("path", { class: "glyph", d: `M${x - 5} ${middle - 4}l4 4 -4 4M${x - 1} ${middle}h6` }));
  }
  group.append(line("caption", left, y + 23, box.caption), line("name", left, y + 42, box.name));
  box.details.forEach((detail, index) => group.append(line("note", left, y + 58 + index * 16, detail)));
  const figures = line("figures", left, y + 58 + box.details.length * 16, "");
  const icon = shape("use", { x: x + w - 24, y: y + 12, width: 12, height: 12 });
  const badge = shape("g", { class: "badge" }, shape("title", {}), icon);
  if (box.id) group.append(figures, badge);
  return { ...box, group, figures, badge, icon };
}

function tellBox(box, numbers, states) {
  if (!box.id) return;
  const some = numbers && numbers[1] !== null;
  const idle = states ? (numbers ? "no requests" : "…") : "";
  say(box.figures, some ? `${rate(numbers[0])} · ${share(numbers[1])} · ${duration(numbers[2])}` : idle);
  box.figures.classList.toggle("failing", Boolean(some && numbers[1] > 0));
  const [kind, said] = states ?? ["", "built into the orchestrator"];
  box.badge.setAttribute("class", `badge state ${kind}`);
  box.badge.firstElementChild.textContent = said;
  if (kind) box.icon.setAttribute("href", `#state-${kind}`);
}
