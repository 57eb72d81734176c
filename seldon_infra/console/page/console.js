// The console's page: asks the console's server every few seconds, and says so when it cannot.

import { Graph } from "./graph.js";
import { duration, keyed, make, mark, moment, rate, say, share, state } from "./words.js";

const EVERY = 2000; // ms between two questions
const LOST = 20000; // ms after which a question counts as lost
const PAGE_SIZE = 50;
const ORDER = ["down", "starting", "unknown", "ok"];

const $ = (id) => document.getElementById(id);
const graph = new Graph($("graph"));
const list = { rows: [], by: "name", falling: false, page: 0, words: "", troubled: false };
let seen = 0; // server's clock at the last answer, s
let heard = 0; // our clock at the last answer, ms
let opened = null; // [namespace, name] of the open deployment
let first = true;

// --- Questions ------------------------------------------------------------------------------------------------------

async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(LOST) });
  if (answer.status === 403) throw new Error("this console was started anew: open the address that it has printed");
  const said = await answer.json();
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(said.error);
  seen = said.at ?? seen;
  heard = performance.now();
  return said;
}

let asking = null;

// One question at a time: a slow one is followed by the next, not overtaken by it.
function refresh() {
  asking ??= look().finally(() => { asking = null; });
  return asking;
}

async function look() {
  try {
    const where = opened;
    const found = await ask(where ? `/api/deployment/${where.map(encodeURIComponent).join("/")}` : "/api/stack");
    if (where !== opened) return;
    if (!where) showStack(found);
    else if (found) showDeployment(found);
    else showMissing(where);
    connected("live", "live");
    if (where && found) await showLog();
  } catch (error) {
    const lost = error instanceof TypeError || error.name === "TimeoutError";
    connected("lost", lost ? `the console does not answer, tries again${since()}` : `${error.message}${since()}`);
  }
}

function since() {
  return heard ? ` · numbers are of ${Math.round((performance.now() - heard) / 1000)} s ago` : "";
}

function connected(kind, said) {
  mark($("link"), "data-kind", kind);
  say($("link-said"), said);
  document.body.classList.toggle("stale", kind !== "live");
}

function tick() {
  if (document.hidden) return;
  refresh();
}

// --- All deployments ------------------------------------------------------------------------------------------------

function showStack(found) {
  whose(found);
  document.title = `${found.stack} · seldon-infra`;
  list.rows = found.deployments;
  notes([...found.notes, ...(found.state === "gone" ? [found.said] : [])]);
  if (first && found.deployments.length === 1 && location.hash.length < 3) {
    first = false;
    const [{ namespace, name }] = found.deployments;
    location.replace(`#/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`);
    return;
  }
  first = false;
  $("overview").hidden = false;
  $("detail").hidden = true;
  say($("meaning"), found.meaning);
  sums(found.deployments);
  showList();
  updates($("updates"), found.updates);
  $("shared").hidden = found.processes.length === 0;
  keyed($("processes"), found.processes, (it) => it.id,
    () => make("li", "", make("span"), make("span", "name"), make("span", "aside")),
    (row, it) => {
      stateIn(row.children[0], it.state, it.said);
      say(row.children[1], it.title);
      say(row.children[2], it.since ? `since ${moment(it.since, seen)}` : "");
    });
}

function whose({ stack, where }) {
  say($("stack"), stack);
  say($("where"), where);
}

function notes(said) {
  keyed($("notes"), said, (it) => it, (it) => make("p", "", it), () => {});
}

function sums(rows) {
  const count = (kind) => rows.filter((row) => row.state === kind).length;
  const told = rows.map((row) => row.numbers).filter(Boolean);
  const total = told.reduce((sum, [each]) => sum + each, 0);
  const failed = told.reduce((sum, [each, errors]) => sum + each * (errors ?? 0), 0);
  const figures = [
    ["deployments", String(rows.length), ""],
    ["running", String(count("ok")), "ok"],
    ["starting", String(count("starting")), "starting"],
    ["not running", String(count("down")), "down"],
    ["requests", told.length ? rate(total) : "–", ""],
    ["errors", total ? share(failed / total) : "–", failed ? "down" : ""],
  ];
  keyed($("sums"), figures, ([name]) => name,
    ([name]) => make("div", "", make("dt", "", name), make("dd")),
    (element, [, value, kind]) => {
      say(element.lastChild, value);
      mark(element, "data-kind", value === "0" ? "" : kind);
    });
}

const BY = {
  state: (row) => ORDER.indexOf(row.state),
  name: (row) => `${row.name} ${row.namespace}`,
  rate: (row) => row.numbers?.[0] ?? -1,
  errors: (row) => row.numbers?.[1] ?? -1,
  p99: (row) => row.numbers?.[2] ?? -1,
};

function chosen() {
  const words = list.words.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (row) => [row.name, row.namespace, ...row.predictors.map(([name]) => name)].join(" ").toLowerCase();
  const rows = list.rows.filter((row) => words.every((word) => text(row).includes(word)) && !(list.troubled && row.state === "ok"));
  const value = BY[list.by];
  const sign = list.falling ? -1 : 1;
  return rows.sort((a, b) => sign * (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) || BY.name(a).localeCompare(BY.name(b)));
}

const keyOf = (row) => `${row.namespace}/${row.name}`;
const addressOf = (row) => `#/${encodeURIComponent(row.namespace)}/${encodeURIComponent(row.name)}`;

function showList() {
  const rows = chosen();
  const pages = Math.max(Math.ceil(rows.length / PAGE_SIZE), 1);
  list.page = Math.min(list.page, pages - 1);
  const shown = rows.slice(list.page * PAGE_SIZE, (list.page + 1) * PAGE_SIZE);
  keyed($("list").tBodies[0], shown, keyOf, makeRow, tellRow);
  $("none").hidden = shown.length > 0;
  say($("none"), list.rows.length ? "No deployment is like that." : "There is no deployment.");
  $("list").hidden = shown.length === 0;
  pager(rows.length, pages);
  for (const head of $("list").tHead.rows[0].cells) {
    if (!head.dataset.by) continue;
    const sorted = head.dataset.by === list.by ? (list.falling ? "descending" : "ascending") : "none";
    mark(head, "aria-sort", sorted);
  }
}

function makeRow() {
  const link = make("a", "name");
  const row = make("tr", "", make("td"), make("td", "", link, make("span", "aside")), make("td", "traffic"));
  for (let index = 0; index < 3; index += 1) row.append(make("td", "number"));
  return row;
}

function tellRow(row, it) {
  const [stateCell, named, traffic, ...numbers] = row.cells;
  stateIn(stateCell, it.state);
  mark(stateCell, "title", it.said);
  say(named.firstChild, it.name);
  mark(named.firstChild, "href", addressOf(it));
  say(named.lastChild, it.namespace);
  const shares = it.predictors.map(([name, weight, shadow]) => `${name} ${shadow ? "shadow " : ""}${weight} %`).join(", ");
  say(traffic, shares);
  mark(traffic, "title", shares);
  const [requests, errors, p99] = it.numbers ?? [null, null, null];
  say(numbers[0], requests === null ? "–" : rate(requests));
  say(numbers[1], share(errors));
  say(numbers[2], duration(p99));
  numbers[0].classList.toggle("quiet", !requests);
  numbers[1].classList.toggle("failing", errors > 0);
}

function stateIn(place, kind, said) {
  const known = `${kind} ${said ?? ""}`;
  if (place.dataset.state === known) return;
  place.dataset.state = known;
  place.replaceChildren(state(kind, said));
}

function pager(count, pages) {
  const from = list.page * PAGE_SIZE;
  const text = count ? `${from + 1}–${Math.min(from + PAGE_SIZE, count)} of ${count}` : "";
  if (!$("pages").firstChild) {
    const button = (words, step) => {
      const made = make("button", "", words);
      made.type = "button";
      made.addEventListener("click", () => { list.page += step; showList(); });
      return made;
    };
    $("pages").append(button("Previous", -1), make("span"), button("Next", 1));
  }
  const [before, said, after] = $("pages").children;
  say(said, text);
  before.disabled = list.page === 0;
  after.disabled = list.page >= pages - 1;
  before.hidden = after.hidden = pages < 2;
}

function updates(place, { known, said }) {
  const items = said ? [{ at: "", kind: said }] : known;
  keyed(place, items, (it) => `${it.at}${it.kind}`,
    () => make("li", "", make("span", "when"), make("span", "what"), make("span", "aside")),
    (row, it) => {
      const failed = it.result && !["succeeded", "in-progress"].includes(it.result);
      say(row.children[0], moment(it.at, seen));
      say(row.children[1], [it.kind, failed ? it.result : "", it.changes].filter(Boolean).join(" · "));
      row.children[1].classList.toggle("failing", Boolean(failed));
      say(row.children[2], it.message ?? "");
    });
}

// --- One deployment -------------------------------------------------------------------------------------------------

function showDeployment(found) {
  $("overview").hidden = true;
  $("detail").hidden = false;
  whose(found);
  say($("detail-title"), found.name);
  stateIn($("detail-state"), found.state);
  say($("detail-about"), `namespace ${found.namespace} · protocol ${found.protocol}`);
  document.title = `${found.name} · seldon-infra`;
  notes([]);
  keyed($("detail-notes"), found.notes, (it) => it, (it) => make("li", "", it), () => {});
  say($("graph-meaning"), found.meaning);
  graph.show(found.name, found.drawing, found.numbers, found.states);
  const { panels, boxes } = found.drawing;
  const parts = panels.flatMap((panel) => [panel, ...boxes.filter(({ id }) => id.startsWith(`${panel.id}/`))]);
  keyed($("parts").tBodies[0], parts, ({ id }) => id, makePart, (row, part) => tellPart(row, part, found));
  keyed($("changes"), found.changes.slice(0, 12), (it) => `${it.at}${it.said}`,
    (it) => make("li", "", make("span", "when"), make("span", "what", it.what), make("span", "", it.said)),
    (row, it) => say(row.firstChild, moment(it.at, seen)));
  const select = $("process");
  keyed(select, found.processes, (it) => it.id, () => make("option"), (option, it) => {
    option.value = it.id;
    say(option, `${it.title} · ${it.said}`);
  });
  const some = found.processes.length > 0;
  $("log-tools").hidden = $("log").hidden = !some;
  $("log-none").hidden = some;
  say($("log-none"), found.logs ?? "No process of it is known here.");
}

function makePart() {
  const row = make("tr", "", make("td"), make("td", "name", make("span"), make("span", "aside")));
  for (let index = 0; index < 3; index += 1) row.append(make("td", "number"));
  return row;
}

function tellPart(row, part, found) {
  const { id } = part;
  const [kind, said] = found.states[id] ?? ["", "built in"];
  if (kind) stateIn(row.cells[0], kind, said);
  else say(row.cells[0], said);
  say(row.cells[1].firstChild, part.whole ?? part.name);
  say(row.cells[1].lastChild, part.notes ?? "");
  row.classList.toggle("below", Boolean(part.whole));
  const [requests, errors, p99] = found.numbers[id] ?? [null, null, null];
  say(row.cells[2], requests === null ? "–" : rate(requests));
  say(row.cells[3], share(errors));
  say(row.cells[4], duration(p99));
  row.cells[3].classList.toggle("failing", errors > 0);
}

function showMissing([namespace, name]) {
  $("overview").hidden = $("detail").hidden = true;
  notes([`${namespace}/${name} is not served, or no more. It appears here as soon as it is.`]);
}

async function showLog() {
  const process = $("process").value;
  if (!process || document.hidden) return;
  const said = await ask(`/api/log/${encodeURIComponent(process)}`);
  if (said === null || process !== $("process").value) return;
  const text = said.lines.join("\n") || "It has written nothing yet.";
  if ($("log").textContent === text) return;
  say($("log"), text);
  if ($("follow").checked) $("log").scrollTop = $("log").scrollHeight;
}

// --- Where we are, keys, colours ------------------------------------------------------------------------------------

function go() {
  const words = location.hash.slice(2).split("/").map(decodeURIComponent);
  opened = words.length === 2 && words[0] ? words : null;
  $("log").textContent = "";
  return (asking ?? Promise.resolve()).then(refresh);
}

// What had the focus may be hidden now: reading goes on at the content.
function follow() {
  go().then(() => {
    if (document.activeElement === document.body) $("main").focus({ preventScroll: true });
  });
}

function step(by) {
  const rows = chosen();
  if (opened) {
    const now = rows.findIndex((row) => row.namespace === opened[0] && row.name === opened[1]);
    const next = rows[now + by];
    if (next) location.hash = addressOf(next).slice(1);
    return;
  }
  const links = [...$("list").tBodies[0].querySelectorAll("a")];
  const now = links.indexOf(document.activeElement);
  links[Math.min(Math.max(now + by, 0), links.length - 1)]?.focus();
}

const KEYS = {
  "/": () => { location.hash = "#/"; $("search").focus(); },
  j: () => step(1),
  k: () => step(-1),
  u: () => { location.hash = "#/"; },
  l: () => $("logs").focus(),
  t: () => nextTheme(),
  "?": () => $("help").showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
  if (event.key === "Escape" && event.target === $("search")) $("main").focus();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || $("help").open || !(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
});

const THEMES = ["system", "light", "dark"];

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  say($("theme"), `Theme: ${name}`);
}

function nextTheme() {
  const name = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
  localStorage.setItem("theme", name);
  setTheme(name);
}

setTheme(THEMES.includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : "system");
$("theme").addEventListener("click", nextTheme);
$("keys").addEventListener("click", () => $("help").showModal());
$("search").addEventListener("input", (event) => { list.words = event.target.value; list.page = 0; showList(); });
$("troubled").addEventListener("change", (event) => { list.troubled = event.target.checked; list.page = 0; showList(); });
$("process").addEventListener("change", () => { $("log").textContent = ""; refresh(); });
for (const head of $("list").tHead.querySelectorAll("[data-by] button"))
  head.addEventListener("click", () => {
    const { by } = head.parentElement.dataset;
    list.falling = list.by === by ? !list.falling : !["name", "state"].includes(by);
    list.by = by;
    showList();
  });
for (const link of document.querySelectorAll("[data-skip]"))
  link.addEventListener("click", (event) => { event.preventDefault(); $(link.dataset.skip).focus(); });
addEventListener("hashchange", follow);
document.addEventListener("visibilitychange", tick);
setInterval(tick, EVERY);
go();
