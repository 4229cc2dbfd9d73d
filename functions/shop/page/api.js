// Calls the GraphQL API, and renews the access token when it has expired.

import { RefreshSession } from "./operations.js";
import * as session from "./session.js";

const ADDRESS = new URL("../graphql", import.meta.url);
const LIMIT_MS = 20_000;

/** A refusal of the API with its code; `field` is the path of the wrong input, if one was wrong. */
export class Refused extends Error {
  constructor(message, { code, field } = {}) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

/**
 * Returns the data of an operation, which is named by its hash (operations.js).
 * @throws {Refused} the API refused it, or it cannot be reached (`code` is then "UNREACHABLE")
 */
export async function call(operation, variables = {}) {
  const token = await session.accessToken(refresh);
  try {
    return await send(operation, variables, token);
  } catch (error) {
    if (!token || error.code !== "UNAUTHENTICATED") throw error;
    // The token ended early: it was renewed elsewhere, or the session was ended.
    session.forgetAccessToken();
    const other = await session.accessToken(refresh);
    if (!other) throw error;
    return send(operation, variables, other);
  }
}

/** Returns an access token for other addresses of the API, or null if nobody is signed in. */
export function accessToken() {
  return session.accessToken(refresh);
}

async function refresh(refreshToken) {
  const { refreshSession } = await send(RefreshSession, { refreshToken }, null);
  return refreshSession;
}

async function send(operation, variables, token) {
  const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json, application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  let answer;
  try {
    const response = await fetch(ADDRESS, {
      method: "POST",
      headers,
      body: JSON.stringify({ variables, extensions: { persistedQuery: { version: 1, sha256Hash: operation } } }),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    answer = await response.json();
  } catch {
    throw new Refused("The shop cannot be reached. Check the connection and try again.", { code: "UNREACHABLE" });
  }
  const [error] = answer.errors ?? [];
  if (error) throw new Refused(error.message, error.extensions);
  return answer.data;
}
