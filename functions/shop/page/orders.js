// The person's orders, and one order with its steps.

import { call } from "./api.js";
import { action, h, money, time } from "./dom.js";
import * as operations from "./operations.js";

const CANCELLABLE = ["PLACED", "CONFIRMED", "PAID"];
const STATES = {
  PLACED: "Placed", CONFIRMED: "Confirmed", REJECTED: "Rejected", PAID: "Paid", PACKED: "Packed",
  SHIPPED: "Shipped", DELIVERED: "Delivered", CANCELLED: "Cancelled", RETURNED: "Returned",
};

/** Shows the newest orders. */
export async function showOrders({ query }) {
  const { getOrders } = await call(operations.Orders, { after: query.get("after") });
  const { nodes, pageInfo } = getOrders;
  return {
    title: "Orders",
    content: nodes.length === 0
      ? h("p", {}, "There are no orders yet.")
      : h("div.parts", {},
        h("ul.rows", {}, nodes.map((order) => h("li", {},
          h("a", { href: `#/orders/${order.id}` }, "Order of ", time(order.createdAt)),
          h("span", {}, state(order.state), " ", money(order.total))))),
        pageInfo.hasNextPage && h("p", {}, h("a", { href: `#/orders?after=${encodeURIComponent(pageInfo.endCursor)}` }, "Older orders"))),
  };
}

/** Shows one order. */
export async function showOrder({ parameter }) {
  const { getOrder: order } = await call(operations.Order, { id: parameter });
  return {
    title: "Your order",
    content: h("div.parts", {},
      h("p", { role: "status" }, state(order.state), order.state === "PLACED" && " It will be confirmed in a moment."),
      h("div.wide", {}, h("table", {},
        h("caption.hidden", {}, "Ordered products"),
        h("thead", {}, h("tr", {}, ["Product", "Pieces", "Price"].map((each) => h("th", { scope: "col" }, each)))),
        h("tbody", {}, order.items.map((item) => h("tr", {},
          h("th", { scope: "row" }, h("a", { href: `#/products/${item.productId}` }, item.title)),
          h("td", {}, String(item.quantity)),
          h("td", {}, money(item.unitPrice))))))),
      order.discount.amount > 0 && h("p", {}, `Voucher ${order.voucherCode}: ${money({ ...order.discount, amount: -order.discount.amount })}`),
      h("p.total", {}, "Total: ", h("strong", {}, money(order.total))),
      order.carrier && h("p", {}, `Sent with ${order.carrier}, number ${order.trackingNumber}.`),
      h("h2", {}, "Steps"),
      h("ol.steps", {}, order.history.map((step) => h("li", {},
        state(step.state), " ", time(step.at), step.reason && h("p.hint", {}, step.reason)))),
      CANCELLABLE.includes(order.state) && action("Cancel the order", async () => {
        await call(operations.CancelOrder, { id: order.id });
        dispatchEvent(new Event("hashchange"));
      })),
  };
}

function state(name) {
  return h(`span.state.${name.toLowerCase()}`, {}, STATES[name] ?? name);
}
