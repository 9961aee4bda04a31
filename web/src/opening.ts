// Opening municipalities and plans, and the address bar that leads back to what is on the screen.
import { batch, computed, effect, signal } from "@preact/signals";
import {
  ask,
  client,
  type Municipality,
  type PlanList,
  type PlanSummary,
  Refusal,
  Unreachable,
} from "./api/client";
import { Editor } from "./plan/editing";
import { OpenedPlan } from "./plan/opened";
import type { Step } from "./plan/queue";
import { mayEdit, session } from "./session";
import { formatDay, language, t } from "./texts";
import {
  announce,
  editor,
  failure,
  loading,
  municipalities,
  municipality,
  opened,
  problemShown,
  selected,
} from "./ui";

/** The plans of the municipality on the screen. */
export const plans = signal<PlanList | null>(null);
/** The plan that was published last, which a draft begins from; it may hold from a later day than the one shown. */
export const lastPublished = computed(() => {
  const later = (left: PlanSummary, right: PlanSummary) =>
    Number(right.drawn) - Number(left.drawn) || (right.version ?? 0) - (left.version ?? 0);
  return [...(plans.value?.plans ?? [])].sort(later)[0] ?? null;
});

/** Carry something out that asks the server; what goes wrong is shown, not thrown. */
export async function attempt(work: () => Promise<void>): Promise<void> {
  failure.value = "";
  loading.value = true;
  try {
    await work();
  } catch (error) {
    if (error instanceof Refusal) {
      failure.value = [error.title, error.detail, error.remedy].filter(Boolean).join(" – ");
    } else if (error instanceof Unreachable) failure.value = t("failure.unreachable");
    else throw error;
  } finally {
    loading.value = false;
  }
}

export async function loadMunicipalities(): Promise<void> {
  const found: Municipality[] = [];
  for (let after: string | undefined; ; ) {
    const query = after === undefined ? { limit: 1_000 } : { limit: 1_000, after };
    const page = await ask(client.GET("/v1/municipalities", { params: { query } }));
    found.push(...page.data);
    if (page.next_cursor === null) break;
    after = page.next_cursor;
  }
  municipalities.value = found;
}

export async function loadPlans(): Promise<void> {
  const code = municipality.peek()?.code;
  if (!code) return;
  const found = await ask(client.GET("/v1/municipalities/{code}/plans", { params: { path: { code } } }));
  if (municipality.peek()?.code === code) plans.value = found;
}

let openings = 0;

/** Begin to open something: what an earlier opening still waits for is not shown any more, once it comes. */
function begin(): () => boolean {
  openings += 1;
  const own = openings;
  return () => own === openings;
}

/** Open a municipality with its newest draft, where the key may edit, else with the plan that holds today. */
export async function openMunicipality(code: string): Promise<void> {
  const found = municipalities.peek().find((one) => one.code === code);
  if (!found) return;
  const isWanted = begin();
  municipality.value = found;
  await loadPlans();
  if (!isWanted()) return;
  const draft = mayEdit.peek() ? plans.peek()?.drafts[0] : undefined;
  if (draft) return openPlan(draft.id);
  const params = { path: { code }, query: { day: new Date().toISOString().slice(0, 10) } };
  const plan = await ask(client.GET("/v1/municipalities/{code}/plans:on", { params }));
  if (isWanted()) return openPlan(plan.id);
}

export async function openPlan(id: string): Promise<void> {
  const isWanted = begin();
  if (opened.peek()?.id === id) return;
  const plan = await OpenedPlan.open(id);
  if (isWanted()) await take(plan);
}

/** Put a plan on the screen with its municipality; the list of plans follows. */
async function take(plan: OpenedPlan): Promise<void> {
  const { municipality: code } = plan.summary.peek();
  const moved = municipality.peek()?.code !== code;
  batch(() => {
    if (moved) municipality.value = municipalities.peek().find((one) => one.code === code) ?? null;
    show(plan, []);
  });
  if (moved) await loadPlans();
}

/** Put a plan on the screen, and carry out on it what was drawn on an older state of it. */
function show(plan: OpenedPlan, mine: readonly Step[]): void {
  editor.peek()?.close();
  editor.value = null;
  problemShown.value = null;
  if (opened.peek()?.id !== plan.id) selected.value = null;
  opened.value = plan;
  if (!plan.editable || !mayEdit.peek()) return;
  const work = new Editor(plan);
  work.onReplaced = show;
  editor.value = work;
  if (mine.length) for (const step of mine) void work.add(step);
  else work.resume();
}

/** Begin a draft, from the plan that was published last or from another. */
export async function beginDraft(from?: string): Promise<void> {
  const code = municipality.peek()?.code;
  if (!code) return;
  const title = t("plan.draft-title", { day: formatDay(new Date().toISOString()) });
  const body = from === undefined ? { title } : { title, plan: Number(from) };
  const draft = await ask(
    client.POST("/v1/municipalities/{code}/plans", { params: { path: { code } }, body }),
  );
  await loadPlans();
  await openPlan(draft.id);
  announce(draft.title ?? title);
}

const FORMATS: Readonly<Record<string, string>> = {
  geojson: "geojson",
  json: "geojson",
  gpkg: "gpkg",
  csv: "csv",
};

/** Make a draft of a file that was downloaded here, or of a CSV of sectors and buurten. */
export async function importFile(file: File): Promise<void> {
  const code = municipality.peek()?.code;
  if (!code) return;
  const format = FORMATS[file.name.split(".").pop()?.toLowerCase() ?? ""];
  if (!format) {
    failure.value = t("file.unknown", { name: file.name });
    return;
  }
  const draft = await ask(
    client.POST("/v1/municipalities/{code}/plans:import", {
      params: { path: { code }, query: { f: format as "csv", title: file.name.slice(0, 200) } },
      body: file as never,
      bodySerializer: (body: unknown) => body as File,
      headers: { "Content-Type": "application/octet-stream" },
    }),
  );
  await loadPlans();
  await openPlan(draft.id);
}

/** Take files that are dropped anywhere on the page. */
export function takeDroppedFiles(): void {
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file && mayEdit.peek()) void attempt(() => importFile(file));
  });
}

/** Read again what the server has of the draft on the screen: its state changed. */
export async function reopen(): Promise<void> {
  const id = opened.peek()?.id;
  if (!id) return;
  show(await OpenedPlan.open(id), []);
  await loadPlans();
}

/** Keep the address bar on what is open, so that it can be copied, and open what it says. */
export function followAddress(): void {
  effect(() => {
    // Before something is open the address still says what is to be opened.
    if (!municipality.value || !opened.value) return;
    const parameters = new URLSearchParams({ m: municipality.value.code, plan: opened.value.id });
    parameters.set("lang", language.value);
    history.replaceState(null, "", `?${parameters}${location.hash}`);
  });
}

/**
 * Open what the address says.
 *
 * Everything is asked at once, beside the question of who is at the screen: what comes back is used if that is answered.
 */
export async function openAddress(parameters: URLSearchParams, signedIn = Promise.resolve()): Promise<void> {
  const id = parameters.get("plan");
  const asked = Promise.all([id ? OpenedPlan.open(id).catch(passRefusal) : null, loadMunicipalities()]);
  asked.catch(() => {}); // Without somebody at the screen nobody waits for it.
  await signedIn;
  if (session.peek() === null) return;
  const [plan] = await asked;
  if (plan) return take(plan);
  const code = parameters.get("m");
  if (code) return openMunicipality(code);
  const list = municipalities.peek();
  // With one municipality, or the few of the demo region, there is nothing to choose first.
  if (list[0] && list.length <= 3) return openMunicipality(list[0].code);
}

/** A plan that is gone leaves the municipality to open. */
function passRefusal(error: unknown): null {
  if (error instanceof Refusal) return null;
  throw error;
}
