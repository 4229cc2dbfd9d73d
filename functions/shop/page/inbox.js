// The person's notifications. shop.js shows the page again when one arrives.

import { call } from "./api.js";
import { action, h, time } from "./dom.js";
import * as operations from "./operations.js";

/** Shows the newest notifications. */
export async function showInbox({ query }) {
  const { getUserNotifications: page } = await call(operations.Inbox, { after: query.get("after") });
  const refresh = () => dispatchEvent(new Event("hashchange"));
  const act = (operation) => async (id) => {
    await call(operation, { id });
    refresh();
  };
  const acts = [["Mark as read", act(operations.MarkRead)], ["Archive", act(operations.ArchiveNotification)], ["Delete", act(operations.DeleteNotification)]];
  return {
    title: "Inbox",
    content: page.nodes.length === 0
      ? h("p", {}, "There is nothing in the inbox.")
      : h("div.parts", {},
        page.nodes.some(({ readAt }) => !readAt) && action("Mark all as read", async () => {
          await call(operations.MarkAllRead);
          refresh();
        }),
        h("ul.rows", {}, page.nodes.map((each) => h(each.readAt ? "li.read" : "li.unread", {},
          h("h2", {}, each.title, !each.readAt && h("span.number", {}, "new")),
          h("p", {}, each.body),
          h("p.hint", {}, time(each.createdAt), each.updatedAt && " (changed)",
            each.kind.startsWith("order.") && [" ", h("a", { href: `#/orders/${each.subjectId}` }, "Show the order")]),
          h("p.acts", {}, acts.filter(([label]) => label !== "Mark as read" || !each.readAt).map(([label, run]) =>
            action(label, () => run(each.id), { "aria-label": `${label}: ${each.title}` })))))),
        page.pageInfo.hasNextPage && h("p", {}, h("a", { href: `#/inbox?after=${encodeURIComponent(page.pageInfo.endCursor)}` }, "Older ones"))),
  };
}
