// What was drawn and is not saved yet: it survives a closed tab, a lost network and a restarted server.
import { signal } from "@preact/signals";
import type { Operation } from "../api/client";

export type Step =
  | { readonly kind: "operation"; readonly operation: Operation }
  | { readonly kind: "undo" }
  | { readonly kind: "redo" };

interface Kept {
  /** The revision that the first step was drawn on. */
  readonly revision: number;
  readonly steps: readonly Step[];
}

const PREFIX = "buurtwijzer-unsaved:";

/** The steps of one draft that the server has not answered yet, oldest first; mirrored in localStorage. */
export class Queue {
  readonly steps = signal<readonly Step[]>([]);

  constructor(
    private readonly draft: string,
    private readonly storage: Storage = localStorage,
  ) {}

  /** Take back what an earlier page left; returns the revision that it was drawn on. */
  restore(): number | null {
    const kept = this.storage.getItem(PREFIX + this.draft);
    if (!kept) return null;
    try {
      const { revision, steps } = JSON.parse(kept) as Kept;
      this.steps.value = steps;
      return steps.length ? revision : null;
    } catch {
      this.storage.removeItem(PREFIX + this.draft);
      return null;
    }
  }

  push(step: Step, revision: number): void {
    this.steps.value = [...this.steps.value, step];
    this.keep(revision);
  }

  /** Drop the oldest step, which is answered; what follows it stands on a revision. */
  shift(revision: number): void {
    this.steps.value = this.steps.value.slice(1);
    this.keep(revision);
  }

  replaceFirst(step: Step, revision: number): void {
    this.steps.value = [step, ...this.steps.value.slice(1)];
    this.keep(revision);
  }

  clear(): void {
    this.steps.value = [];
    this.storage.removeItem(PREFIX + this.draft);
  }

  private keep(revision: number): void {
    if (this.steps.value.length === 0) this.storage.removeItem(PREFIX + this.draft);
    else
      this.storage.setItem(
        PREFIX + this.draft,
        JSON.stringify({ revision, steps: this.steps.value } satisfies Kept),
      );
  }
}
