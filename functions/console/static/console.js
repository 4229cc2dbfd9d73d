// The module of the console: live regions, partial forms, keys. Every page works without it.
//
// - <section id="x" data-live="5"> is replaced each 5 seconds by that of a fresh copy of the page.
// - <form data-partial> is sent without a full load; all regions with data-region are replaced.

const LIVE_HEADER = "X-Console-Live";
const away = document.getElementById("away");
let paused = false;
const addressOf = (place) => place.pathname + place.search;
let shown = addressOf(location);

// ------------------------------------------------------------------- regions

/** Replace regions by those of another copy of the page; keep focus, open details and scrolling. */
function replaceRegions(copy, selector) {
  for (const old of document.querySelectorAll(selector)) {
    const fresh = copy.getElementById(old.id);
    if (!fresh || isBeingEdited(old)) continue;
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const place = focused ? pathTo(focused, old) : null;
    const open = [...old.querySelectorAll("details[open][id]")].map((each) => each.id);
    const node = document.adoptNode(fresh);
    old.replaceWith(node);
    prepare(node);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) (byId(focused.id, node) ?? at(place, node))?.focus({ preventScroll: true });
  }
}

const byId = (id, node) => (id ? node.querySelector(`#${CSS.escape(id)}`) : null);
const at = (place, node) => place.reduce((found, index) => found?.children[index], node);

function pathTo(element, root) {
  const place = [];
  for (let each = element; each !== root; each = each.parentElement) {
    place.unshift([...each.parentElement.children].indexOf(each));
  }
  return place;
}

/** A person types, has chosen rows, or marks text: do not take it away. */
function isBeingEdited(region) {
  const selection = document.getSelection();
  return (
    region.contains(document.activeElement?.closest("input, select, textarea")) ||
    region.querySelector("input[type=checkbox]:checked") !== null ||
    (!selection.isCollapsed && region.contains(selection.anchorNode))
  );
}

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

// ---------------------------------------------------------------------- live

async function refresh() {
  if (document.hidden || paused) return true;
  try {
    const answer = await fetch(location.href, { headers: { [LIVE_HEADER]: "1" } });
    if (answer.status === 401) {
      away.textContent = away.dataset.ended;
      return false;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const copy = parsed(await answer.text());
    if (!paused) replaceRegions(copy, "[data-live]");
    away.textContent = "";
  } catch {
    away.textContent = away.dataset.away;
  }
  return true;
}

async function keepFresh() {
  const seconds = [...document.querySelectorAll("[data-live]")].map((each) => Number(each.dataset.live));
  if (seconds.length === 0) return;
  setTimeout(async () => (await refresh()) && keepFresh(), Math.min(...seconds) * 1000);
}

function setPaused(value) {
  paused = value;
  document.documentElement.toggleAttribute("data-paused", paused);
  for (const each of document.querySelectorAll("[data-pause]")) each.setAttribute("aria-pressed", String(paused));
}

// --------------------------------------------------------------------- forms

async function send(form, button) {
  const fields = new URLSearchParams(new FormData(form, button));
  const isGet = form.method === "get";
  const url = new URL(form.action);
  if (isGet) url.search = fields;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, isGet ? {} : { method: "POST", body: fields });
    const copy = parsed(await answer.text());
    if (!copy.querySelector("[data-region]")) throw new Error("another page");
    history.pushState({}, "", answer.url);
    shown = addressOf(location);
    document.activeElement?.blur();
    replaceRegions(copy, "[data-region]");
    document.getElementById("notice").replaceWith(document.adoptNode(copy.getElementById("notice")));
    document.querySelector("[data-region][tabindex]")?.focus();
  } catch {
    form.removeAttribute("data-partial");
    form.requestSubmit(button); // a full load shows what is wrong
  } finally {
    form.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-partial]")) return;
  event.preventDefault();
  send(event.target, event.submitter);
});
addEventListener("popstate", () => {
  if (addressOf(location) !== shown) location.reload(); // a jump within the page is none
});

document.addEventListener("change", (event) => {
  const all = event.target.closest("input[data-all]");
  if (!all) return;
  for (const each of all.form.querySelectorAll(`input[name="${all.dataset.all}"]`)) each.checked = all.checked;
});

// ---------------------------------------------------------------------- keys

const help = document.getElementById("help");
const keysOn = document.getElementById("keys-on");
keysOn.checked = localStorage.getItem("keys") !== "off";
keysOn.addEventListener("change", () => localStorage.setItem("keys", keysOn.checked ? "on" : "off"));

function moveRow(step) {
  const rows = [...document.querySelectorAll("main tbody tr")].filter((row) => row.querySelector("a, button, input"));
  const current = rows.findIndex((row) => row.contains(document.activeElement));
  const wanted = rows[current < 0 ? (step > 0 ? 0 : rows.length - 1) : current + step];
  wanted?.querySelector("a, button, input").focus();
}

const KEYS = {
  "/": () => document.querySelector("[data-search]")?.focus(),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  p: () => setPaused(!paused),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key !== "?" && !keysOn.checked) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// --------------------------------------------------------------------- start

/** Show the controls that need this module. */
function prepare(root) {
  for (const each of root.querySelectorAll("[data-pause]")) {
    each.hidden = false;
    each.setAttribute("aria-pressed", String(paused));
    each.onclick = () => setPaused(!paused);
  }
}

const helpButton = document.getElementById("help-button");
helpButton.hidden = false;
helpButton.addEventListener("click", () => help.showModal());
prepare(document);
keepFresh();
