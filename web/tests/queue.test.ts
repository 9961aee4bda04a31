import { beforeEach, describe, expect, it } from "vitest";
import { Queue, type Step } from "../src/plan/queue";

class Memory implements Storage {
  private readonly kept = new Map<string, string>();
  get length() {
    return this.kept.size;
  }
  clear() {
    this.kept.clear();
  }
  getItem(key: string) {
    return this.kept.get(key) ?? null;
  }
  key(place: number) {
    return [...this.kept.keys()][place] ?? null;
  }
  removeItem(key: string) {
    this.kept.delete(key);
  }
  setItem(key: string, value: string) {
    this.kept.set(key, value);
  }
}

const paint = (block: string): Step => ({
  kind: "operation",
  operation: { op: "assign_blocks", blocks: [block], buurt: "1-01", allow_parts: false },
});

describe("what is not saved yet", () => {
  let storage: Memory;
  beforeEach(() => {
    storage = new Memory();
  });

  it("is there again in another page, in order, with the revision it was drawn on", () => {
    const first = new Queue("d-1", storage);
    first.push(paint("a"), 7);
    first.push({ kind: "undo" }, 7);
    const second = new Queue("d-1", storage);
    expect(second.restore()).toBe(7);
    expect(second.steps.value).toEqual([paint("a"), { kind: "undo" }]);
  });

  it("is gone once it is answered", () => {
    const queue = new Queue("d-1", storage);
    queue.push(paint("a"), 7);
    queue.shift(8);
    expect(storage.length).toBe(0);
    expect(new Queue("d-1", storage).restore()).toBeNull();
  });

  it("belongs to its draft, and what cannot be read is not a draft's", () => {
    new Queue("d-1", storage).push(paint("a"), 1);
    expect(new Queue("d-2", storage).restore()).toBeNull();
    storage.setItem("buurtwijzer-unsaved:d-3", "{");
    expect(new Queue("d-3", storage).restore()).toBeNull();
    expect(storage.getItem("buurtwijzer-unsaved:d-3")).toBeNull();
  });
});
