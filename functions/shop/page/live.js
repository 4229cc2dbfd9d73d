// Reads the stream of the person's notifications (docs/live.md), and reconnects when it breaks.
//
// Browsers' EventSource cannot send the access token in a header, so the stream is read by fetch.

import { accessToken } from "./api.js";
import * as session from "./session.js";

const ADDRESS = new URL("../live/inbox", import.meta.url);
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
// The server sends a comment every 15 seconds; without one the connection is dead.
const SILENCE_MS = 45_000;
// Nobody waits for the stream after these: the person signed out, or opened many other tabs.
const FINAL = ["session_ended", "too_many_streams"];

/**
 * Dispatches "notification" with a new notification, "changed" when the inbox is another one, and
 * "state": off, waiting or live.
 */
export const events = new EventTarget();

let stop = new AbortController();

/** Reads the stream of whoever is signed in now; ends the stream of another person. */
export function restart() {
  stop.abort();
  stop = new AbortController();
  if (session.isSignedIn()) follow(stop.signal);
  else tell("off");
}

async function follow(signal) {
  let last = null;
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted && session.isSignedIn()) {
    try {
      const token = await accessToken();
      if (!token) break;
      for await (const event of stream(token, last, signal)) {
        wait = FIRST_WAIT_MS;
        const reason = handle(event);
        if (reason === "token_expired" || reason === "session_ended") session.forgetAccessToken();
        if (reason === "session_ended") changed(); // the next call finds out, and asks to sign in
        if (FINAL.includes(reason)) {
          tell("off");
          return;
        }
        if (event.id) last = event.id; // after it was shown
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 401) session.forgetAccessToken();
      if (error.status === 400) last = null; // the server does not know this position
    }
    if (signal.aborted) return;
    tell("waiting");
    // Each browser waits another time, so that not all return at once after a break.
    await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random())));
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
  if (!signal.aborted) tell("off");
}

/** Handles an event; returns the reason of the last one of a stream. */
function handle(event) {
  switch (event.name) {
    case "ready":
      tell("live");
      changed(); // what changed without a connection is not sent again
      return null;
    case "notification":
      events.dispatchEvent(new CustomEvent("notification", { detail: JSON.parse(event.data) }));
      return null;
    case "closed":
      return JSON.parse(event.data).reason;
    case "changed":
    case "removed":
    case "reload":
      changed();
      return null;
    default:
      return null;
  }
}

function changed() {
  events.dispatchEvent(new Event("changed"));
}

async function* stream(token, last, signal) {
  const headers = { Authorization: `Bearer ${token}`, Accept: "text/event-stream" };
  if (last) headers["Last-Event-ID"] = last;
  const silence = new AbortController();
  const response = await fetch(ADDRESS, { headers, cache: "no-store", signal: AbortSignal.any([signal, silence.signal]) });
  if (!response.ok) throw Object.assign(new Error("no stream"), { status: response.status });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const alarm = setTimeout(() => silence.abort(), SILENCE_MS);
    const { value, done } = await reader.read();
    clearTimeout(alarm);
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const event = parsed(block);
      if (event.data || event.id) yield event; // heartbeats have only an id
    }
  }
}

function parsed(block) {
  const event = { name: "message", data: "", id: null };
  for (const line of block.split("\n")) {
    const [, name, value] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
    if (name === "event") event.name = value;
    else if (name === "id") event.id = value;
    else if (name === "data") event.data += event.data ? `\n${value}` : value;
  }
  return event;
}

function tell(state) {
  events.dispatchEvent(new CustomEvent("state", { detail: state }));
}
