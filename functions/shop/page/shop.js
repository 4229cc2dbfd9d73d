// Shows the page that the address names, and what changes while it is open.

import { call } from "./api.js";
import * as basket from "./basket.js";
import { h } from "./dom.js";
import * as live from "./live.js";
import * as operations from "./operations.js";
import * as session from "./session.js";
import { showBasket } from "./basket_page.js";
import { showCatalogue, showProduct } from "./catalogue.js";
import { showInbox } from "./inbox.js";
import { showOrder, showOrders } from "./orders.js";
import { showPreferences } from "./preferences.js";
import { showForgotten, showRegistration, showSignIn, showVerification, signOut } from "./account.js";

const TITLE = "Tidings Shop";
const SHOWN_MS = 8_000;

// Each page: the pattern of its address, whether it needs a signed-in person, and what shows it.
const PAGES = [
  { pattern: /^\/$/, show: showCatalogue },
  { pattern: /^\/products\/([0-9a-f]{24})$/, show: showProduct },
  { pattern: /^\/basket$/, show: showBasket },
  { pattern: /^\/orders$/, show: showOrders, signedIn: true },
  { pattern: /^\/orders\/([0-9a-f]{24})$/, show: showOrder, signedIn: true },
  { pattern: /^\/inbox$/, show: showInbox, signedIn: true },
  { pattern: /^\/preferences$/, show: showPreferences, signedIn: true },
  { pattern: /^\/sign-in$/, show: showSignIn },
  { pattern: /^\/register$/, show: showRegistration },
  { pattern: /^\/verify$/, show: showVerification },
  { pattern: /^\/forgotten$/, show: showForgotten },
];

const main = document.getElementById("main");
const menu = document.getElementById("menu");
const messages = document.getElementById("messages");
const connection = document.getElementById("connection");

let unread = 0;
let visit = 0;

function place() {
  const [path, query = ""] = (location.hash.slice(1) || "/").split("?");
  return { path, query: new URLSearchParams(query) };
}

/** Shows the page of the address; `moves` says that a person went there, so it gets the focus. */
async function show(moves = true) {
  const current = ++visit;
  const { path, query } = place();
  let page = PAGES.find(({ pattern }) => pattern.test(path));
  if (page?.signedIn && !session.isSignedIn()) {
    location.replace(`#/sign-in?next=${encodeURIComponent(path)}`);
    return;
  }
  const found = page?.pattern.exec(path);
  main.setAttribute("aria-busy", "true");
  let view;
  try {
    view = page
      ? await page.show({ parameter: found[1], query })
      : { title: "Not found", content: h("p", {}, "There is no such page.") };
  } catch (error) {
    view = { title: "That did not work", content: problem(error) };
  }
  if (current !== visit) return; // the person went on meanwhile
  document.title = `${view.title} · ${TITLE}`;
  main.replaceChildren(h("h1", {}, view.title), view.content);
  main.removeAttribute("aria-busy");
  showMenu();
  if (moves) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

function problem(error) {
  return h("div.narrow", {},
    h("p.error", { role: "alert" }, error.message),
    h("button", { type: "button", onclick: () => show() }, "Try again"));
}

function showMenu() {
  const { path } = place();
  const link = (address, ...text) => h("a", {
    href: `#${address}`,
    "aria-current": path === address ? "page" : null,
  }, ...text);
  const number = (value, what) =>
    value > 0 && h("span.number", {}, String(value), h("span.hidden", {}, ` ${what}`));
  const pieces = basket.count();
  menu.replaceChildren(h("ul", {}, [
    link("/", "Products"),
    link("/basket", "Basket ", number(pieces, "in the basket")),
    ...(session.isSignedIn()
      ? [
        link("/orders", "Orders"),
        link("/inbox", "Inbox ", number(unread, "unread")),
        link("/preferences", "Preferences"),
        h("button.plain", { type: "button", onclick: signOut }, "Sign out"),
      ]
      : [link("/sign-in", "Sign in"), link("/register", "Register")]),
  ].map((each) => h("li", {}, each))));
}

async function countUnread() {
  if (!session.isSignedIn()) return;
  const { getUnreadCount } = await call(operations.UnreadCount);
  unread = getUnreadCount;
  showMenu();
}

/** Shows a new message for a moment; it stays in the inbox. */
function announce({ title, body }) {
  const shown = h("div.message", {}, h("strong", {}, title), h("p", {}, body),
    h("a", { href: "#/inbox" }, "Open the inbox"));
  messages.append(shown);
  setTimeout(() => shown.remove(), SHOWN_MS);
}

function showConnection(event) {
  connection.textContent = { live: "New messages arrive live.", waiting: "Reconnecting…", off: "" }[event.detail];
}

function showChange() {
  countUnread().catch(() => {}); // the next change counts again
  if (["/orders", "/inbox"].some((each) => place().path.startsWith(each))) show(false);
}

live.events.addEventListener("notification", (event) => {
  announce(event.detail);
  showChange();
});
live.events.addEventListener("changed", showChange);
live.events.addEventListener("state", showConnection);
session.events.addEventListener("changed", () => {
  unread = 0;
  live.restart();
  showMenu();
  countUnread().catch(() => {});
  show();
});
basket.events.addEventListener("changed", showMenu);
addEventListener("hashchange", () => show());

live.restart();
countUnread().catch(() => {});
show(false);
