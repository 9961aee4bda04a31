// One editor of one draft: sends what is drawn, step by step, and says what became of it.
import { computed, signal } from "@preact/signals";
import {
  ask,
  type ChangeAnswer,
  client,
  type LogEntry,
  type Operation,
  onDraft,
  Refusal,
  Unreachable,
} from "../api/client";
import { session } from "../session";
import { formatTime, language, t } from "../texts";
import { OpenedPlan } from "./opened";
import { Queue, type Step } from "./queue";

/** How the work of a draft stands. */
export type Saving = "saved" | "saving" | "offline" | "conflict";

export interface Conflict {
  /** What the other editor did, as the server tells it. */
  readonly theirs: readonly string[];
  readonly mine: readonly Step[];
}

export interface Setback {
  readonly step: Step;
  readonly refusal: Refusal;
}

/** An operation as a hand or an answer gives it: its name, and the fields that are not left to the server. */
export type AskedOperation = { readonly op: Operation["op"] } & Readonly<Record<string, unknown>>;

const RETRY_MS = [500, 1_000, 2_000, 4_000] as const;

/** The open draft's editor: every change of the page goes through `run`. */
export class Editor {
  readonly queue: Queue;
  readonly saving = signal<Saving>("saved");
  readonly conflict = signal<Conflict | null>(null);
  readonly setback = signal<Setback | null>(null);
  /** Steps that wait for the server's geometry: until it answers nothing else is drawn on blocks that may vanish. */
  readonly blocked = computed(() => this.queue.steps.value.some((step) => !isPaint(step)));
  private working: Promise<void> | null = null;
  private wake: (() => void) | null = null;
  private closed = false;

  constructor(readonly plan: OpenedPlan) {
    this.queue = new Queue(plan.id);
    addEventListener("online", this.onOnline);
  }

  /** Send what an earlier page could not: it is drawn on its own revision, so a conflict is seen. */
  resume(): void {
    const drawnOn = this.queue.restore();
    if (drawnOn === null) return;
    if (drawnOn !== this.plan.revision.value) {
      void this.settle(drawnOn);
      return;
    }
    this.plan.lay(this.queue.steps.value);
    this.send();
  }

  close(): void {
    this.closed = true;
    removeEventListener("online", this.onOnline);
    this.wake?.();
  }

  /** Carry out an operation; the server fills in what is left out, though the generated types require it. */
  run(operation: AskedOperation): Promise<void> {
    return this.add({ kind: "operation", operation: operation as unknown as Operation });
  }
  undo(): Promise<void> {
    return this.add({ kind: "undo" });
  }
  redo(): Promise<void> {
    return this.add({ kind: "redo" });
  }

  add(step: Step): Promise<void> {
    this.setback.value = null;
    this.queue.push(step, this.plan.revision.value ?? 0);
    this.plan.lay(this.queue.steps.value);
    return this.send();
  }

  private send(): Promise<void> {
    this.working ??= this.work().finally(() => {
      this.working = null;
    });
    return this.working;
  }

  private async work(): Promise<void> {
    for (let failures = 0; this.queue.steps.value.length > 0 && !this.closed; ) {
      const step = this.queue.steps.value[0] as Step;
      if (this.saving.value !== "offline") this.saving.value = "saving";
      try {
        const change = await post(this.plan, step);
        failures = 0;
        this.saving.value = "saving";
        this.queue.shift(change.revision);
        this.plan.take(change, this.queue.steps.value);
      } catch (error) {
        if (error instanceof Unreachable) {
          this.saving.value = "offline";
          await this.pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] as number);
          failures += 1;
        } else if (error instanceof Refusal && error.status === 412) {
          if (!(await this.settle(this.plan.revision.value ?? 0))) return;
        } else if (error instanceof Refusal) {
          this.queue.shift(this.plan.revision.value ?? 0);
          this.plan.lay(this.queue.steps.value);
          this.setback.value = { step, refusal: error };
        } else throw error;
      }
    }
    this.saving.value = "saved";
  }

  /**
   * Somebody changed the draft since the revision that ours was drawn on: perhaps we ourselves, in a request whose
   * answer was lost. Then the step is done; else the editor is asked. Returns whether the work goes on.
   */
  private async settle(drawnOn: number): Promise<boolean> {
    const path = { params: { path: { plan_id: this.plan.id } } };
    const { entries } = await ask(client.GET("/v1/plans/{plan_id}/log", path));
    const fresh = await OpenedPlan.open(this.plan.id);
    const since = entries.filter((entry) => entry.revision > drawnOn);
    const step = this.queue.steps.value[0];
    const last = since.at(-1);
    const ours =
      since.length === 1 && last && step && fresh.revision.value === drawnOn + 1 && isOurs(last, step);
    if (ours) this.queue.shift(fresh.revision.value ?? 0);
    const mine = this.queue.steps.value;
    if (ours) {
      this.replace(fresh);
      return true;
    }
    this.conflict.value = { theirs: since.map(describe), mine };
    this.saving.value = "conflict";
    this.fresh = fresh;
    return false;
  }
  private fresh: OpenedPlan | null = null;
  /** Called with the plan as it is now when the one on the screen is too old to go on with. */
  onReplaced: (plan: OpenedPlan, mine: readonly Step[]) => void = () => {};

  /** Take in what the other editor did; with `keepMine` our own steps are carried out on top of it. */
  resolve(keepMine: boolean): void {
    const fresh = this.fresh;
    if (!fresh) return;
    this.conflict.value = null;
    if (!keepMine) this.queue.clear();
    this.replace(fresh);
  }

  private replace(fresh: OpenedPlan): void {
    const mine = this.queue.steps.value;
    this.queue.clear();
    this.onReplaced(fresh, mine);
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
  private readonly onOnline = () => this.wake?.();
}

/** A paint is laid over the plan before it is saved; everything else waits for what the server makes of it. */
function isPaint(step: Step): boolean {
  return step.kind === "operation" && step.operation.op === "assign_blocks";
}

async function post(plan: OpenedPlan, step: Step): Promise<ChangeAnswer> {
  const params = onDraft(plan.id, plan.revision.value);
  if (step.kind === "undo") return ask(client.POST("/v1/plans/{plan_id}:undo", { params }));
  if (step.kind === "redo") return ask(client.POST("/v1/plans/{plan_id}:redo", { params }));
  const inWords = { ...params, query: { lang: language.peek() } };
  const body = { operation: step.operation };
  return ask(client.POST("/v1/plans/{plan_id}/operations", { params: inWords, body }));
}

function isOurs(entry: LogEntry, step: Step): boolean {
  if (step.kind !== "operation" || entry.by !== session.value?.key) return false;
  const given = entry.operation as Record<string, unknown>;
  return Object.entries(step.operation).every(
    ([name, value]) => JSON.stringify(given[name]) === JSON.stringify(value),
  );
}

function describe(entry: LogEntry): string {
  const { op } = entry.operation as { op: Operation["op"] };
  return `${t(`operation.${op}`)} · ${entry.by} · ${formatTime(entry.at)}`;
}
