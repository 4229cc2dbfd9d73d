// The basket with current prices, and the order.

import { call } from "./api.js";
import * as basket from "./basket.js";
import { action, h, money } from "./dom.js";
import * as operations from "./operations.js";
import * as session from "./session.js";

/** Shows the basket. */
export async function showBasket() {
  const wanted = basket.items();
  const products = await Promise.all(Object.keys(wanted).map(product));
  const content = h("div.parts", {});
  const refresh = () => content.replaceChildren(...parts(products.filter(({ id }) => basket.items()[id])));
  const parts = (rows) => {
    if (!rows.length) return [h("p", {}, "The basket is empty. "), h("a", { href: "#/" }, "See the products")];
    return [table(rows, refresh), ...ordering(rows)];
  };
  refresh();
  return { title: "Basket", content };
}

async function product(id) {
  try {
    const { getProduct } = await call(operations.Product, { id });
    return getProduct;
  } catch (error) {
    if (error.code !== "NOT_FOUND") throw error;
    return { id, title: "A product that is no longer sold", price: null, stock: 0 };
  }
}

function table(rows, refresh) {
  return h("div.wide", {}, h("table", {},
    h("caption.hidden", {}, "Products in the basket"),
    h("thead", {}, h("tr", {}, ["Product", "Price", "Pieces", ""].map((each) => h("th", { scope: "col" }, each)))),
    h("tbody", {}, rows.map((row) => h("tr", {},
      h("th", { scope: "row" }, h("a", { href: `#/products/${row.id}` }, row.title)),
      h("td", {}, row.price ? money(row.price) : "–"),
      h("td", {}, h("input.pieces", {
        type: "number",
        min: 1,
        max: 10000,
        value: basket.items()[row.id],
        "aria-label": `Pieces of ${row.title}`,
        onchange: (event) => {
          basket.set(row.id, event.target.value);
          refresh();
        },
      })),
      h("td", {}, action("Remove", () => {
        basket.set(row.id, 0);
        refresh();
      }, { "aria-label": `Remove ${row.title}` })))))));
}

function ordering(rows) {
  const currencies = new Set(rows.map(({ price }) => price?.currency));
  if (currencies.has(undefined)) return [h("p.error", {}, "Remove the products that are no longer sold.")];
  if (currencies.size > 1) return [h("p.error", {}, "One order has one currency. Remove some products.")];
  const [currency] = currencies;
  const amount = rows.reduce((sum, { id, price }) => sum + price.amount * basket.items()[id], 0);
  const total = h("p.total", {}, "Total: ", h("strong", {}, money({ amount, currency })));
  if (!session.isSignedIn()) {
    return [total, h("p", {}, h("a", { href: "#/sign-in?next=/basket" }, "Sign in"), " to order.")];
  }
  return [total, action("Place the order", order, { class: "" })];
}

async function order() {
  const items = Object.entries(basket.items()).map(([productId, quantity]) => ({ productId, quantity }));
  const { placeOrder } = await call(operations.PlaceOrder, {
    input: { items },
    idempotencyKey: basket.orderKey(),
  });
  basket.empty();
  location.hash = `#/orders/${placeOrder.id}`;
}
