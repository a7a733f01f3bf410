// Talking to the server: a refusal is one only when the server says so in JSON; everything else is a
// network or a server that cannot be reached now.

export class Refusal extends Error {
  constructor(status, told) {
    super(told.message ?? "");
    Object.assign(this, { status, code: told.code, refused: told.refused ?? [], told });
  }
}

export class Unreachable extends Error {
  constructor(retryAfter = 0, message = "") {
    super(message);
    this.retryAfter = retryAfter;
  }
}

const PATIENCE = 20000; // ms

const signalOf = (stop) => {
  const late = AbortSignal.timeout?.(PATIENCE);
  return stop && late && AbortSignal.any ? AbortSignal.any([stop, late]) : late;
};

// Retry-After is a number of seconds or a date, which is compared with the server's own.
function secondsIn(headers) {
  const told = headers.get("Retry-After") ?? "";
  const until = (Date.parse(told) - (Date.parse(headers.get("Date")) || Date.now())) / 1000;
  return Math.max(0, /^\s*\d+\s*$/.test(told) ? Number(told) : until || 0);
}

// has: what the server's reply has, and none of a proxy or a network's own sign-in; headers: what else the
// request carries; stop: a signal that nobody waits for the reply any more.
export async function ask(url, body, { has, headers = {}, stop }) {
  let response;
  try {
    response = await fetch(url, {
      method: body ? "POST" : "GET",
      headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }), ...headers },
      body: body && JSON.stringify(body),
      cache: "no-store",
      signal: signalOf(stop),
    });
  } catch {
    throw new Unreachable();
  }
  const wait = secondsIn(response.headers);
  // Whoever says that it is too much, a proxy too: less of it may be taken.
  if (response.status === 413) throw new Refusal(413, { code: "TooLarge" });
  let told;
  try {
    told = await response.json();
  } catch {
    throw new Unreachable(wait); // a page of a proxy or of the network's own sign-in is no answer
  }
  if (!told || typeof told !== "object") throw new Unreachable(wait);
  if (response.ok && has in told) return told;
  if (response.ok || response.status >= 500 || response.status === 429 || !told.code)
    throw new Unreachable(wait, told.code ? told.message : "");
  throw new Refusal(response.status, told);
}

// How long to wait before trying again: longer each time, never everybody at once, and at least as long
// as the server asked for.
export class Backoff {
  constructor(first = 1000, most = 30000) {
    Object.assign(this, { first, most, tries: 0 });
  }

  next(retryAfter = 0) {
    const full = Math.min(this.most, this.first * 2 ** this.tries);
    this.tries += 1;
    return Math.max(retryAfter * 1000, full / 2) + (Math.random() * full) / 2;
  }

  reset() {
    this.tries = 0;
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
