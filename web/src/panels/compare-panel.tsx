// What moves from one plan to another, on the map and as a table; and the step from a draft to a published plan.
import { signal } from "@preact/signals";
import type { FeatureCollection } from "geojson";
import { useEffect, useState } from "preact/hooks";
import { ask, client, type DrawnBuurt, onDraft, type PlanProblem, Refusal } from "../api/client";
import { attempt, loadPlans, openPlan, plans, reopen } from "../opening";
import type { OpenedPlan } from "../plan/opened";
import { mayEdit } from "../session";
import { buurtName, formatCount, formatDay, language, t } from "../texts";
import { announce, editor, opened, planMap } from "../ui";
import { publishedTitle } from "./plan-panel";
import { checkPlan } from "./problems-panel";
import { Rebase } from "./rebase";

export interface Move {
  readonly from: string | null;
  readonly to: string | null;
  readonly pieces: number;
  readonly households: number;
  readonly dwellings: number;
  /** Null where so few move that a number would single somebody out. */
  readonly members: number | null;
  readonly letters: number | null;
}

const moves = signal<readonly Move[] | null>(null);

export function ComparePanel() {
  const plan = opened.value;
  const revision = plan?.revision.value;
  const [chosen, choose] = useState("");
  const since = plan && (chosen && chosen !== plan.id ? chosen : comparedWith(plan));
  useEffect(() => {
    if (!plan || since === null) return;
    void attempt(() => compare(plan, since));
    return () => {
      moves.value = null;
      planMap.peek()?.setData("diff", null);
    };
  }, [plan, revision, since]);
  if (!plan) return null;
  const summary = plan.summary.value;
  return (
    <>
      <label class="field">
        {t("compare.with")}
        <select value={since ?? ""} onChange={(event) => choose(event.currentTarget.value)}>
          {summary.state !== "published" && <option value="">{t("compare.base")}</option>}
          {plans.value?.plans
            .filter(({ id }) => id !== plan.id)
            .map((one) => (
              <option key={one.id} value={one.id}>
                {publishedTitle(one)}
              </option>
            ))}
        </select>
      </label>
      {since === null ? (
        <p class="empty">{t("compare.first")}</p>
      ) : (
        <Moves buurten={plan.buurten.value} moves={moves.value} />
      )}
      {mayEdit.value && summary.state === "draft" && <Rebase plan={plan} />}
      {mayEdit.value && summary.state === "draft" && <Publish plan={plan} />}
      {mayEdit.value && summary.state === "in_review" && <Review plan={plan} />}
    </>
  );
}

/** What a plan is compared with unless somebody chooses: a draft with its base, a published plan with the one before. */
function comparedWith(plan: OpenedPlan): string | null {
  const { state, version } = plan.summary.value;
  if (state !== "published") return "";
  const earlier = plans.value?.plans.filter((one) => (one.version ?? 0) < (version ?? 0)) ?? [];
  return earlier.sort((left, right) => (right.version ?? 0) - (left.version ?? 0))[0]?.id ?? null;
}

async function compare(plan: OpenedPlan, since: string): Promise<void> {
  moves.value = null;
  const path = { plan_id: plan.id };
  const chosen = since ? { since } : {};
  const found = await readMoves(plan.id, since);
  const shapes = await ask(
    client.GET("/v1/plans/{plan_id}/diff", { params: { path, query: { ...chosen, f: "geojson" } } }),
  );
  moves.value = found;
  planMap.peek()?.setData("diff", shapes as unknown as FeatureCollection);
}

/** Read what moves from a plan, by default the one it began from, to another. */
export async function readMoves(id: string, since = ""): Promise<readonly Move[]> {
  const params = { path: { plan_id: id }, query: since ? { since } : {} };
  const table = await ask(client.GET("/v1/plans/{plan_id}/diff", { params }));
  return (table as unknown as { moves: Move[] }).moves;
}

const COLUMNS = ["pieces", "households", "members", "letters"] as const;

export function Moves({
  buurten,
  moves: found,
}: {
  buurten: readonly DrawnBuurt[];
  moves: readonly Move[] | null;
}) {
  if (found === null) return <p class="empty">{t("app.loading")}</p>;
  if (found.length === 0) return <p class="empty">{t("compare.same")}</p>;
  const name = (code: string | null) => {
    const buurt = buurten.find((one) => one.code === code);
    return code === null ? t("compare.none") : buurt ? buurtName(buurt) : code;
  };
  return (
    <table>
      <caption>{t("compare.caption")}</caption>
      <thead>
        <tr>
          <th scope="col">
            {t("compare.from")} → {t("compare.to")}
          </th>
          {COLUMNS.map((column) => (
            <th key={column} scope="col" class="number">
              {column === "pieces" ? t("compare.pieces") : t(`count.${column}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {found.map((move) => (
          <tr key={`${move.from} ${move.to}`}>
            <th scope="row">
              {name(move.from)} → <b>{name(move.to)}</b>
            </th>
            {COLUMNS.map((column) => (
              <td key={column} class="number">
                {formatCount(move[column])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Today, as the calendar here says it, in ISO 8601. */
function today(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

function Publish({ plan }: { plan: OpenedPlan }) {
  const [day, setDay] = useState(today());
  const [reason, setReason] = useState("");
  const [errors, setErrors] = useState<readonly PlanProblem[]>([]);
  const saved = (editor.value?.saving.value ?? "saved") === "saved";
  const publish = async () => {
    const body = { valid_from: day, reason: reason.trim() };
    setErrors([]);
    const params = onDraft(plan.id, plan.revision.peek());
    const made = await ask(client.POST("/v1/plans/{plan_id}:publish", { params, body })).catch(explain);
    if (!made) return;
    await loadPlans();
    await openPlan(made.id);
    announce(t("publish.done", { version: made.version ?? 0, day: formatDay(day) }));
  };
  /** The server checks as it publishes; what it found is read when it refuses. */
  const explain = async (error: unknown) => {
    const kind = error instanceof Refusal ? error.kind : "";
    if (kind === "outdated-draft") return loadPlans();
    if (kind !== "not-publishable") throw error;
    await checkPlan(plan);
    setErrors(plan.problems.peek()?.filter(({ severity }) => severity === "error") ?? []);
  };
  const review = async () => {
    await ask(client.POST("/v1/plans/{plan_id}:review", { params: onDraft(plan.id, plan.revision.peek()) }));
    await reopen();
  };
  return (
    <form
      class="publish"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(publish);
      }}
    >
      <h2>{t("publish.title")}</h2>
      <label class="field">
        {t("publish.day")}
        <input
          type="date"
          required
          min={today()}
          value={day}
          onInput={(event) => setDay(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        {t("publish.reason")}
        <textarea
          required
          minLength={3}
          maxLength={1_000}
          rows={3}
          value={reason}
          aria-describedby="reason-hint"
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <p id="reason-hint" class="hint">
        {saved ? t("publish.reason-hint") : t("publish.wait")}
      </p>
      {errors.length > 0 && (
        <div role="alert" class="bad">
          {t("publish.errors")}
          <ul>
            {errors.map((problem) => (
              <li key={problem.code + problem.blocks.join()}>{problem.texts[language.value]}</li>
            ))}
          </ul>
        </div>
      )}
      <div class="row">
        <button type="submit" class="main" disabled={!saved}>
          {t("publish.button")}
        </button>
        <button type="button" disabled={!saved} onClick={() => void attempt(review)}>
          {t("publish.review")}
        </button>
      </div>
    </form>
  );
}

function Review({ plan }: { plan: OpenedPlan }) {
  const back = async () => {
    await ask(client.POST("/v1/plans/{plan_id}:return", { params: onDraft(plan.id, plan.revision.peek()) }));
    await reopen();
  };
  return (
    <div class="row">
      <button type="button" class="main" onClick={() => void attempt(back)}>
        {t("publish.return")}
      </button>
    </div>
  );
}
