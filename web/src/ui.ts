// What the page shows and what the pointer does: nothing here is saved on the server.
import { computed, effect, signal } from "@preact/signals";
import type { Municipality, PlanProblem } from "./api/client";
import type { PlanMap } from "./map/plan-map";
import type { Editor } from "./plan/editing";
import type { OpenedPlan } from "./plan/opened";

export type Tool = "look" | "paint" | "box" | "lasso" | "cut" | "split" | "reshape";
export type Measure = "buurten" | "households" | "adoption" | "letters";
export type Panel = "buurten" | "problems" | "propose" | "compare" | "history";

export const municipalities = signal<readonly Municipality[]>([]);
export const municipality = signal<Municipality | null>(null);
export const opened = signal<OpenedPlan | null>(null);
export const editor = signal<Editor | null>(null);
export const tool = signal<Tool>("look");
/** The buurt that is selected: paint goes there. */
export const selected = signal<string | null>(null);
export const brush = signal(0);
export const measure = signal<Measure>("buurten");
export const panel = signal<Panel>("buurten");
/** The block under the pointer, or under the cross of the keyboard. */
export const pointed = signal<string | null>(null);
export const problemShown = signal<PlanProblem | null>(null);
/** What a screen reader says next. */
export const announcement = signal("");
/** Whether something is being asked of the server that the page waits for. */
export const loading = signal(false);
/** Something that went wrong outside a draft's own steps. */
export const failure = signal("");
/** The map that is on the page; null before it is there. */
export const planMap = signal<PlanMap | null>(null);
export const colours = signal<ReadonlyMap<string, string>>(new Map());

export const canPaint = computed(() => editor.value !== null && opened.value?.editable === true);
effect(() => {
  if (!canPaint.value) tool.value = "look";
});

export function announce(text: string): void {
  // A repeated text is said again only if it differs: a non-breaking space does it.
  announcement.value = announcement.peek() === text ? `${text}\u00a0` : text;
}
