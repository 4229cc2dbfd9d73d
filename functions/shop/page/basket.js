// The basket: product ids with their numbers of pieces, in this browser.

const BASKET = "tidings.basket";
const VOUCHER = "tidings.voucher";
const KEY = "tidings.order-key";
const MOST = 10_000;

/** Dispatches "changed" when the basket changes, in this tab or another one. */
export const events = new EventTarget();

/** Returns `{productId: quantity}`. */
export function items() {
  try {
    return JSON.parse(localStorage.getItem(BASKET)) ?? {};
  } catch {
    return {};
  }
}

/** Returns the number of pieces. */
export function count() {
  return Object.values(items()).reduce((sum, each) => sum + each, 0);
}

/** Sets the number of pieces of a product; 0 removes it. */
export function set(productId, quantity) {
  const { [productId]: _, ...others } = items();
  const pieces = Math.min(Math.max(Math.trunc(quantity) || 0, 0), MOST);
  write(pieces ? { ...others, [productId]: pieces } : others);
}

/** Adds one piece of a product. */
export function add(productId) {
  set(productId, (items()[productId] ?? 0) + 1);
}

/** Empties the basket after the order was placed. */
export function empty() {
  localStorage.removeItem(VOUCHER);
  write({});
}

/** Returns the code of the voucher for the next order; null if there is none. */
export function voucher() {
  return localStorage.getItem(VOUCHER);
}

/** Sets the code of the voucher; an empty one removes it. */
export function setVoucher(code) {
  if (code) localStorage.setItem(VOUCHER, code);
  else localStorage.removeItem(VOUCHER);
  localStorage.removeItem(KEY); // another order
}

/**
 * Returns the idempotency key of the next order. It stays the same until the order changes, so
 * that an order whose answer was lost is not placed a second time.
 */
export function orderKey() {
  const key = localStorage.getItem(KEY) ?? crypto.randomUUID();
  localStorage.setItem(KEY, key);
  return key;
}

function write(basket) {
  localStorage.setItem(BASKET, JSON.stringify(basket));
  localStorage.removeItem(KEY);
  events.dispatchEvent(new Event("changed"));
}

addEventListener("storage", (event) => {
  if (event.key === BASKET) events.dispatchEvent(new Event("changed"));
});
