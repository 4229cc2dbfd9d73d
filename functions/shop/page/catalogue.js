// The products, what is recommended to the signed-in person, and one product.

import { call } from "./api.js";
import * as basket from "./basket.js";
import { action, field, form, h, money } from "./dom.js";
import * as operations from "./operations.js";
import * as session from "./session.js";

const PAGE_SIZE = 12;

/** Shows the products that match the search, and the recommendations. */
export async function showCatalogue({ query }) {
  const search = query.get("search") ?? "";
  const category = query.get("category") ?? "";
  const [products, recommended] = await Promise.all([
    page({ search, category }, null),
    session.isSignedIn() && !search && !category ? recommendations() : [],
  ]);
  const list = h("ul.products", {}, products.nodes.map(card));
  return {
    title: category ? `Products: ${category}` : "Products",
    content: h("div.parts", {},
      searchForm(search, category),
      recommended.length > 0 && h("section", { "aria-labelledby": "for-you" },
        h("h2", { id: "for-you" }, "For you"),
        h("ul.products.few", {}, recommended.map(({ product, reason }) => card(product, reason.text)))),
      h("section", { "aria-label": "All products" },
        products.nodes.length ? list : h("p", {}, "Nothing was found."),
        more(list, { search, category }, products.pageInfo))),
  };
}

/** Shows one product. */
export async function showProduct({ parameter }) {
  const { getProduct: product } = await call(operations.Product, { id: parameter });
  looked(product.id);
  const attributes = Object.entries(product.attributes);
  return {
    title: product.title,
    content: h("div.product-page", {},
      picture(product),
      h("div.parts", {},
        h("p.price", {}, money(product.price)),
        stock(product),
        product.description && h("p", {}, product.description),
        attributes.length > 0 && h("dl", {},
          attributes.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]).flat()),
        product.categories.length > 0 && h("p", {}, product.categories.map(
          (each) => h("a.tag", { href: `#/?category=${encodeURIComponent(each)}` }, each))),
        product.stock === 0 ? tellMe(product) : addButton(product))),
  };
}

/** Returns a button, or without a sign-in a form, to be told when a product is back. */
function tellMe({ id }) {
  const place = h("div", {});
  const subscribe = async (input) => {
    const { subscribeToStock } = await call(operations.SubscribeToStock, { productId: id, input });
    place.replaceChildren(h("p", { role: "status" }, subscribeToStock.state === "SUBSCRIBED"
      ? "We will tell you when it is back."
      : "We have sent you a mail. Please confirm with its link."));
  };
  place.append(session.isSignedIn()
    ? action("Tell me when it is back", () => subscribe({}))
    : form("Tell me when it is back", ({ email }) => subscribe({ email }),
      field("Email", "email", { type: "email", autocomplete: "email" })));
  return place;
}

function searchForm(search, category) {
  const input = h("input", { type: "search", name: "search", id: "search", value: search });
  return h("form.search", {
    role: "search",
    onsubmit: (event) => {
      event.preventDefault();
      const wanted = new URLSearchParams({ search: input.value, ...(category && { category }) });
      location.hash = `#/?${wanted}`;
    },
  },
  h("label", { for: "search" }, category ? `Search in ${category}` : "Search"),
  input,
  h("button", { type: "submit" }, "Search"),
  (search || category) && h("a", { href: "#/" }, "Show all"));
}

function more(list, filter, { hasNextPage, endCursor }) {
  if (!hasNextPage) return null;
  const button = h("button", {
    type: "button",
    onclick: async () => {
      button.disabled = true;
      try {
        const next = await page(filter, endCursor);
        const first = card(next.nodes[0]);
        list.append(first, ...next.nodes.slice(1).map((each) => card(each)));
        button.replaceWith(more(list, filter, next.pageInfo) ?? "");
        first.querySelector("a").focus();
      } catch (error) {
        button.disabled = false;
        button.after(h("p.error", { role: "alert" }, error.message));
      }
    },
  }, "Show more");
  return button;
}

async function page({ search, category }, after) {
  const { getProducts } = await call(operations.Catalogue, { filter: { search: search || null, category: category || null }, first: PAGE_SIZE, after });
  return getProducts;
}

async function recommendations() {
  const { getUserRecommendations } = await call(operations.Recommendations, { first: 4 });
  return getUserRecommendations.items;
}

function looked(productId) {
  if (!session.isSignedIn()) return;
  // Recommendations get better by it; the page works without.
  call(operations.NoteViews, { input: { views: [{ productId }] } })
    .catch((error) => console.warn(`The view was not noted: ${error.message}`));
}

function card(product, note) {
  return h("li.product", {},
    picture(product),
    h("div", {},
      h("a", { href: `#/products/${product.id}` }, product.title),
      typeof note === "string" && h("p.hint", {}, note),
      h("p.price", {}, money(product.price)),
      stock(product)),
    addButton(product));
}

function picture({ images, title }) {
  return images.length
    ? h("img.picture", { src: images[0], alt: "", loading: "lazy" })
    : h("span.picture", { "aria-hidden": "true" }, title.slice(0, 1).toUpperCase());
}

function stock(product) {
  if (product.stock === 0) return h("p.out", {}, "Out of stock");
  return product.stock < 5 && h("p.hint", {}, `Only ${product.stock} left`);
}

function addButton(product) {
  const told = h("span.hint", { role: "status" });
  return h("p", {},
    h("button", {
      type: "button",
      disabled: product.stock === 0,
      "aria-label": `Add ${product.title} to the basket`,
      onclick: () => {
        basket.add(product.id);
        told.textContent = ` ${basket.items()[product.id]} in the basket`;
      },
    }, "Add to basket"),
    told);
}
