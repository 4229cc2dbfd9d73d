// The basket with current prices, and the order.

import { call } from "./api.js";
import * as basket from "./basket.js";
import { action, field, form, h, money } from "./dom.js";
import * as operations from "./operations.js";
import * as session from "./session.js";

/** Shows the basket. */
export async function showBasket() {
  const wanted = basket.items();
  const products = await Promise.all(Object.keys(wanted).map(product));
  const content = h("div.parts", {});
  const refresh = async () => {
    const rows = products.filter(({ id }) => basket.items()[id]);
    content.replaceChildren(...(rows.length
      ? [table(rows, refresh), ...await ordering(rows, refresh)]
      : [h("p", {}, "The basket is empty. "), h("a", { href: "#/" }, "See the products")]));
  };
  await refresh();
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

async function ordering(rows, refresh) {
  const currencies = new Set(rows.map(({ price }) => price?.currency));
  if (currencies.has(undefined)) return [h("p.error", {}, "Remove the products that are no longer sold.")];
  if (currencies.size > 1) return [h("p.error", {}, "One order has one currency. Remove some products.")];
  const [currency] = currencies;
  const amount = rows.reduce((sum, { id, price }) => sum + price.amount * basket.items()[id], 0);
  if (!session.isSignedIn()) {
    return [
      total({ amount, currency }),
      h("p", {}, h("a", { href: "#/sign-in?next=/basket" }, "Sign in"), " to order."),
    ];
  }
  if (!basket.voucher()) return [total({ amount, currency }), voucherForm(refresh), placing()];
  try {
    const { previewOrder } = await call(operations.PreviewOrder, { input: wanted() });
    const less = { ...previewOrder.discount, amount: -previewOrder.discount.amount };
    return [
      h("p", {}, `Voucher ${previewOrder.voucherCode}: ${money(less)} `, action("Remove the voucher", () => {
        basket.setVoucher("");
        return refresh();
      })),
      total(previewOrder.total),
      placing(),
    ];
  } catch (error) {
    const code = basket.voucher();
    basket.setVoucher("");
    return [total({ amount, currency }), voucherForm(refresh, code, error), placing()];
  }
}

function total(sum) {
  return h("p.total", {}, "Total: ", h("strong", {}, money(sum)));
}

function voucherForm(refresh, code = "", error = null) {
  const element = form("Use the voucher", async ({ voucher }) => {
    basket.setVoucher(voucher.trim());
    await refresh();
  }, field("Voucher", "voucher", { autocomplete: "off", autocapitalize: "characters", value: code }));
  if (error) {
    const place = element.querySelector(".error");
    place.textContent = error.message;
    place.hidden = false;
  }
  return element;
}

function placing() {
  return action("Place the order", order, { class: "" });
}

function wanted() {
  const items = Object.entries(basket.items()).map(([productId, quantity]) => ({ productId, quantity }));
  return { items, voucherCode: basket.voucher() };
}

async function order() {
  const { placeOrder } = await call(operations.PlaceOrder, {
    input: wanted(),
    idempotencyKey: basket.orderKey(),
  });
  basket.empty();
  location.hash = `#/orders/${placeOrder.id}`;
}
