// What the person wants to hear of, where, and when.

import { call } from "./api.js";
import { choice, field, form, h } from "./dom.js";
import * as operations from "./operations.js";
import * as session from "./session.js";

const CATEGORIES = {
  orders: "Your orders", promotions: "Offers", recommendations: "Recommendations",
  tasks: "Tasks", stock: "Products that you wait for",
};
const CHANNELS = { inbox: "Inbox", email: "E-mail", push: "Push", sms: "Text message", webhook: "Webhook" };

/** Shows the preferences. */
export async function showPreferences() {
  const [{ me }, { me: { preferences: own } }] = await Promise.all([
    call(operations.Me), call(operations.Preferences)]);
  const saved = h("p", { role: "status" });
  return {
    title: "Preferences",
    content: h("div.parts", {},
      h("p", {}, `${me.name}, ${me.email}`),
      form("Save", async (input) => {
        saved.textContent = "";
        await call(operations.UpdatePreferences, { input: changed(input) });
        saved.textContent = "Saved.";
      },
      h("div.wide", {}, h("table.channels", {},
        h("caption", {}, "How messages reach you"),
        h("thead", {}, h("tr", {}, h("td", {}), Object.values(CHANNELS).map((each) => h("th", { scope: "col" }, each)))),
        h("tbody", {}, Object.entries(CATEGORIES).map(([category, label]) => h("tr", {},
          h("th", { scope: "row" }, label),
          Object.entries(CHANNELS).map(([channel, name]) => h("td", { "data-label": name }, h("input", {
            type: "checkbox",
            name: `${category}.${channel}`,
            checked: own[category][channel],
            // Messages about orders are always in the inbox.
            disabled: category === "orders" && channel === "inbox",
            "aria-label": `${label}: ${name}`,
          })))))))),
      choice("Mails that can wait", "digest", [["OFF", "One by one"], ["DAILY", "Combined, once a day"], ["WEEKLY", "Combined, once a week"]], own.digest),
      h("fieldset", {},
        h("legend", {}, "Quiet hours, without messages that can wait"),
        field("From", "start", { type: "time", required: false, value: own.quietHours?.start ?? "" }),
        field("To", "end", { type: "time", required: false, value: own.quietHours?.end ?? "" })),
      choice("Time zone", "timeZone", zones(own.timeZone), own.timeZone),
      choice("Language of the messages", "language", languages(own.language), own.language)),
      saved,
      h("h2", {}, "Account"),
      deletion()),
  };
}

function changed({ start, end, timeZone, language, digest, ...checked }) {
  const channels = Object.fromEntries(Object.keys(CATEGORIES).map((category) => [
    category,
    Object.fromEntries(Object.keys(CHANNELS)
      .filter((channel) => category !== "orders" || channel !== "inbox")
      .map((channel) => [channel, `${category}.${channel}` in checked])),
  ]));
  const quietHours = start || end ? { start, end } : null;
  return { ...channels, quietHours, timeZone, language, digest };
}

function zones(own) {
  const known = new Set([own, "UTC", Intl.DateTimeFormat().resolvedOptions().timeZone, ...Intl.supportedValuesOf("timeZone")]);
  return [...known].map((each) => [each, each]);
}

function languages(own) {
  const names = new Intl.DisplayNames(undefined, { type: "language" });
  return [...new Set([own, "en", "de"])].map((each) => [each, names.of(each)]);
}

function deletion() {
  const sure = h("dialog", { "aria-labelledby": "delete-title" },
    h("h2", { id: "delete-title" }, "Delete your account?"),
    h("p", {}, "Your inbox, preferences and devices are removed. Orders stay without your name."),
    form("Delete my account", async () => {
      await call(operations.DeleteAccount);
      session.leave();
      location.hash = "#/";
    }),
    h("button.plain", { type: "button", onclick: () => sure.close() }, "Keep it"));
  return h("div", {}, sure, h("button.plain", { type: "button", onclick: () => sure.showModal() }, "Delete my account"));
}
