// What is asked of Buurtwijzer, and the four ways in which that can fail.

import { API, KEY } from "./settings.js";

const PATIENCE_MS = 10_000;
const TRIES = 3;
/** An answer that asks for more patience than this is told to the person instead. */
const LONGEST_WAIT_S = 3;

/** Why there is no answer. */
export class Trouble extends Error {
  /**
   * @param {"unreachable" | "busy" | "away" | "broken"} kind
   * @param {number} seconds how long to wait
   * @param {string} slug the stable name of the refusal
   * @param {string} reference what to give the people who look after the form
   */
  constructor(kind, seconds = 0, slug = "", reference = "") {
    super(kind);
    this.kind = kind;
    this.seconds = seconds;
    this.slug = slug;
    this.reference = reference;
  }
}

/**
 * @param {string} path
 * @param {RequestInit} request
 * @param {AbortSignal} signal
 */
async function once(path, request, signal) {
  const headers = new Headers(request.headers);
  if (KEY) headers.set("Authorization", `Bearer ${KEY}`);
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let answer;
  try {
    answer = await fetch(API + path, {
      ...request,
      headers,
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.any([signal, patience]),
    });
    if (answer.ok) return await answer.json();
  } catch (error) {
    if (signal.aborted) throw error;
    // No network, no server, no answer in time, or an origin that the server does not name: a page cannot tell which.
    throw new Trouble("unreachable");
  }
  const problem = await answer.json().catch(() => ({}));
  const slug = String(problem.type ?? "").replace(/^.*\//, "");
  const seconds = Number(answer.headers.get("Retry-After")) || 1;
  const kind = answer.status === 429 ? "busy" : [502, 503, 504].includes(answer.status) ? "away" : "broken";
  throw new Trouble(kind, seconds, slug, problem.request_id ?? "");
}

/** @param {number} seconds @param {AbortSignal} signal */
async function wait(seconds, signal) {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  signal.throwIfAborted();
}

/**
 * Complete what is being typed; nothing is asked again, since the next letter does that.
 *
 * @param {string} text
 * @param {string} language
 * @param {AbortSignal} signal
 */
export async function suggest(text, language, signal) {
  const query = new URLSearchParams({ q: text, lang: language, limit: "7" });
  return (await once(`/v1/addresses/suggest?${query}`, {}, signal)).data;
}

let judging = true;

/**
 * Ask whether an address exists and who may join there. That keeps nothing, so it may be sent again.
 *
 * @param {Record<string, string>} question
 * @param {AbortSignal} signal
 */
export async function verify(question, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const request = {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...question, eligibility: judging }),
      };
      return await once("/v1/verifications", request, signal);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      if (error.slug === "no-members-here" && judging) {
        // A server without keys of households knows addresses and buurten, not who may join.
        judging = false;
        continue;
      }
      if (error.kind !== "away" || error.seconds > LONGEST_WAIT_S || attempt === TRIES) throw error;
      await wait(error.seconds, signal);
    }
  }
}
