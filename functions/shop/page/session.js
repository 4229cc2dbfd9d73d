// Keeps the signed-in person's tokens.
//
// A refresh token works once, so only one tab may use it at a time: the tabs share the tokens in
// localStorage, and renew them under a lock. A script of the page could read them; the page's
// Content-Security-Policy allows no scripts but its own.

const TOKENS = "tidings.tokens";
const DEVICE = "tidings.device";
const LOCK = "tidings.refresh";
const EARLY_MS = 30_000;

/** Dispatches "changed" when a person signs in or out, in this tab or another one. */
export const events = new EventTarget();

/** Returns whether a person is signed in, as far as this page knows. */
export function isSignedIn() {
  return read() !== null;
}

/** Returns the signed-in person: id, name and address; null if there is none. */
export function person() {
  return read()?.user ?? null;
}

/** Keeps the tokens of a sign-in. */
export function enter(answer) {
  if (answer.deviceToken) localStorage.setItem(DEVICE, answer.deviceToken);
  keep(answer, answer.user);
  events.dispatchEvent(new Event("changed"));
}

/** Forgets the tokens; the device token stays, with it other people's failures cause no wait. */
export function leave() {
  if (read() === null) return;
  localStorage.removeItem(TOKENS);
  events.dispatchEvent(new Event("changed"));
}

/** Returns the device token of the last sign-in, if there is one. */
export function deviceToken() {
  return localStorage.getItem(DEVICE);
}

/** Keeps a device token without a sign-in: after a password reset. */
export function keepDeviceToken(token) {
  localStorage.setItem(DEVICE, token);
}

/** Makes the next call renew the access token. */
export function forgetAccessToken() {
  const tokens = read();
  if (tokens) localStorage.setItem(TOKENS, JSON.stringify({ ...tokens, until: 0 }));
}

/**
 * Returns a valid access token, or null if nobody is signed in.
 * @param {(refreshToken: string) => Promise<object>} refresh returns the next tokens
 */
export async function accessToken(refresh) {
  const tokens = read();
  if (!tokens || tokens.until > Date.now()) return tokens?.accessToken ?? null;
  return navigator.locks.request(LOCK, async () => {
    const current = read(); // another tab may have renewed them meanwhile
    if (!current || current.until > Date.now()) return current?.accessToken ?? null;
    try {
      const next = await refresh(current.refreshToken);
      keep(next, current.user);
      return next.accessToken;
    } catch (error) {
      if (error.code !== "UNAUTHENTICATED") throw error;
      leave();
      return null;
    }
  });
}

function keep({ accessToken: token, expiresIn, refreshToken }, user) {
  const until = Date.now() + expiresIn * 1000 - EARLY_MS;
  localStorage.setItem(TOKENS, JSON.stringify({ accessToken: token, refreshToken, until, user }));
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(TOKENS));
  } catch {
    return null;
  }
}

addEventListener("storage", (event) => {
  if (event.key !== TOKENS) return;
  const before = event.oldValue && JSON.parse(event.oldValue).user?.id;
  const after = event.newValue && JSON.parse(event.newValue).user?.id;
  if (before !== after) events.dispatchEvent(new Event("changed"));
});
