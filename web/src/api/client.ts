// The typed client of our own API: its types are generated from the OpenAPI document (`npm run client`).
import createClient from "openapi-fetch";
import type { Readable } from "openapi-typescript-helpers";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Operation = Schemas["OperationBody"]["operation"];
export type PlanSummary = Readable<Schemas["PlanSummary"]>;
export type PlanAnswer = Readable<Schemas["PlanAnswer"]>;
export type PlanList = Readable<Schemas["PlanList"]>;
export type ChangeAnswer = Readable<Schemas["ChangeAnswer"]>;
export type MemberRates = Readable<Schemas["MemberRatesAnswer"]>;
export type DrawnBuurt = Readable<Schemas["DrawnBuurt"]>;
export type Counts = Readable<Schemas["CountsAnswer"]>;
export type PlanProblem = Readable<Schemas["ProblemAnswer"]>;
export type Municipality = Readable<Schemas["MunicipalityAnswer"]>;
export type Suggestion = Readable<Schemas["SuggestionAnswer"]>;
export type Alternative = Readable<Schemas["ProposalAnswer"]>;
export type Session = Readable<Schemas["SessionAnswer"]>;
export type Rebased = Readable<Schemas["RebaseAnswer"]>;
export type LogEntry = Readable<Schemas["LogEntry"]>;
/** A name by language, where the source gives it. */
export type Names = Readonly<Partial<Record<string, string | null>>>;

/** A refusal of the server: RFC 9457 problem details. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    readonly title: string,
    readonly detail: string,
    readonly fields: readonly { field: string; detail: string }[],
    readonly remedy: string,
  ) {
    super(detail || title);
  }
}

/** The server could not be reached, or is restarting: what was asked is to be asked again. */
export class Unreachable extends Error {}

/** Statuses of a server, or a proxy before it, that is not there for the moment. */
const PASSING = new Set([429, 502, 503, 504]);

let key = "";
export function useKey(value: string): void {
  key = value;
}
/** The header that opens the API; tiles need it too. Keys never stand in a URL. */
export function authorization(): Record<string, string> {
  return key ? { Authorization: `Bearer ${key}` } : {};
}

export const client = createClient<paths>({
  baseUrl: "/",
  fetch: async (request) => {
    const signed = new Request(request, { headers: new Headers(request.headers) });
    for (const [name, value] of Object.entries(authorization())) signed.headers.set(name, value);
    try {
      return await fetch(signed);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new Unreachable();
    }
  },
});

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What a change of a draft is asked with: the draft, and the revision that was seen. */
export function onDraft(id: string, revision: number | null | undefined) {
  return { path: { plan_id: id }, header: { "if-match": `"${revision}"` } };
}

/** Return what was answered, or throw why there is no answer. */
export async function ask<T>(question: Promise<Answered<T>>): Promise<T> {
  return read(await question);
}

/** Return what was answered with the draft's revision that its ETag names; null where there is none. */
export async function askVersioned<T>(
  question: Promise<Answered<T>>,
): Promise<{ readonly data: T; readonly revision: number | null }> {
  const answered = await question;
  const [, revision] = answered.response.headers.get("etag")?.match(/"(\d+)/) ?? [];
  return { data: read(answered), revision: revision === undefined ? null : Number(revision) };
}

function read<T>({ data, error, response }: Answered<T>): T {
  if (response.ok) return data as T;
  if (PASSING.has(response.status)) throw new Unreachable();
  throw asRefusal(response.status, error);
}

function asRefusal(status: number, body: unknown): Refusal {
  const given = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (name: string) => (typeof given[name] === "string" ? (given[name] as string) : "");
  const fields = Array.isArray(given.errors) ? (given.errors as { field: string; detail: string }[]) : [];
  const kind = text("type").split(/[/:#]/).pop() ?? "";
  return new Refusal(status, kind, text("title") || `HTTP ${status}`, text("detail"), fields, text("remedy"));
}
