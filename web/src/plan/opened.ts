// The plan that is on the screen: what the server has answered, with what was drawn since laid over it.
import { batch, computed, signal } from "@preact/signals";
import {
  ask,
  askVersioned,
  type ChangeAnswer,
  type Counts,
  client,
  type DrawnBuurt,
  type PlanAnswer,
  type PlanProblem,
} from "../api/client";
import type { BlockFeature } from "./borders";
import { type Block, countBlocks, countBuurten, noCounts } from "./counts";
import { findOutlines, type Outlines } from "./outlines";
import type { Step } from "./queue";

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };
type FeatureProperties = { block: string; sector: string; buurt: string | null } & Omit<
  Block,
  "code" | "sector"
>;
type ServedFeature = Omit<BlockFeature, "properties"> & { properties: FeatureProperties };

/** One plan or draft, open in this page. */
export class OpenedPlan {
  readonly id: string;
  readonly blocks = new Map<string, Block>();
  readonly shapes = new Map<string, BlockFeature>();
  /** What the server says: the buurt of every block. */
  private readonly saved = new Map<string, string | null>();
  /** That, with the steps laid over it that are not answered yet. */
  private shown = new Map<string, string | null>();
  private savedBuurten: Map<string, DrawnBuurt>;

  readonly revision: ReturnType<typeof signal<number | null>>;
  readonly summary;
  readonly canUndo;
  readonly canRedo;
  readonly buurten = signal<readonly DrawnBuurt[]>([]);
  readonly unassigned = signal<Counts>(noCounts());
  readonly problems = signal<readonly PlanProblem[] | null>(null);
  /** Rises whenever a block changed its buurt. */
  readonly assigned = signal(0);
  /** Of the blocks as they are now; null until they are found. */
  readonly outlines = signal<Outlines | null>(null);
  /** Settled when the outlines are those of the blocks. */
  outlined: Promise<void> = Promise.resolve();
  readonly totals = computed(() => {
    void this.assigned.value;
    return countBlocks(this.blocks.values(), this.answer.member_rates);
  });

  constructor(
    readonly answer: PlanAnswer,
    features: readonly ServedFeature[],
  ) {
    this.id = answer.plan.id;
    this.revision = signal<number | null>(answer.plan.revision ?? null);
    this.summary = signal(answer.plan);
    this.canUndo = signal(answer.can_undo);
    this.canRedo = signal(answer.can_redo);
    this.savedBuurten = new Map(answer.buurten.map((buurt) => [buurt.code, buurt]));
    for (const feature of features) this.takeBlock(feature);
    for (const feature of features) this.saved.set(feature.properties.block, feature.properties.buurt);
    this.lay([]);
    this.outline();
  }

  static async open(id: string): Promise<OpenedPlan> {
    const path = { params: { path: { plan_id: id } } };
    const [answer, blocks] = await Promise.all([
      ask(client.GET("/v1/plans/{plan_id}", path)),
      askVersioned(client.GET("/v1/plans/{plan_id}/blocks", path)),
    ]);
    const { revision } = answer.plan;
    // A draft that changed between the two answers is asked for again.
    if (revision && blocks.revision && blocks.revision !== revision) return OpenedPlan.open(id);
    return new OpenedPlan(answer, (blocks.data as unknown as { features: ServedFeature[] }).features);
  }

  get editable(): boolean {
    return this.summary.value.state === "draft";
  }

  buurtOf = (block: string): string | null => this.shown.get(block) ?? null;

  buurt(code: string | null): DrawnBuurt | undefined {
    return this.buurten.value.find((buurt) => buurt.code === code);
  }

  blocksOf(code: string | null): string[] {
    return [...this.shown].filter(([, buurt]) => buurt === code).map(([block]) => block);
  }

  /** Take in what an operation did on the server, and lay over it what is still to be saved. */
  take(change: ChangeAnswer, pending: readonly Step[]): void {
    for (const code of change.removed_blocks) {
      this.blocks.delete(code);
      this.shapes.delete(code);
      this.saved.delete(code);
    }
    const features = change.new_blocks as unknown as readonly ServedFeature[];
    for (const feature of features) this.takeBlock(feature);
    for (const [block, buurt] of Object.entries(change.assignments)) this.saved.set(block, buurt);
    for (const code of change.removed_buurten) this.savedBuurten.delete(code);
    for (const buurt of change.buurten) this.savedBuurten.set(buurt.code, buurt);
    batch(() => {
      this.revision.value = change.revision;
      this.canUndo.value = change.can_undo;
      this.canRedo.value = change.can_redo;
      this.lay(pending);
    });
    if (features.length || change.removed_blocks.length) this.outline();
  }

  /** Show the saved state with steps laid over it: paint is seen at once, what needs the server is not guessed. */
  lay(pending: readonly Step[]): void {
    const shown = new Map(this.saved);
    for (const step of pending) {
      if (step.kind === "operation" && step.operation.op === "assign_blocks") {
        for (const block of step.operation.blocks)
          if (shown.has(block)) shown.set(block, step.operation.buurt);
      }
    }
    this.shown = shown;
    const counts = countBuurten(this.blocks.values(), this.buurtOf, this.answer.member_rates);
    this.buurten.value = [...this.savedBuurten.values()]
      .map((buurt): DrawnBuurt => ({ ...buurt, counts: counts.get(buurt.code) ?? noCounts() }))
      .sort((left, right) => (left.code < right.code ? -1 : 1));
    this.unassigned.value = counts.get(null) ?? noCounts();
    this.assigned.value += 1;
  }

  private outline(): void {
    const outlined = findOutlines([...this.shapes.values()]).then((found) => {
      if (this.outlined === outlined) this.outlines.value = found;
    });
    this.outlined = outlined;
  }

  private takeBlock({ geometry, properties }: ServedFeature): void {
    const { block, sector, households, estimated, dwellings } = properties;
    const facts: Mutable<Block> = { code: block, sector, households, estimated, dwellings };
    this.blocks.set(block, facts);
    this.shapes.set(block, { type: "Feature", geometry, properties: { block } });
  }
}
