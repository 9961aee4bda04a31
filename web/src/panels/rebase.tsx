// A draft on which time has passed: another plan was published, and the draft is put on that one.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import {
  ask,
  client,
  type DrawnBuurt,
  type Operation,
  onDraft,
  type PlanSummary,
  type Rebased,
  Refusal,
} from "../api/client";
import { attempt, lastPublished, reopen } from "../opening";
import type { OpenedPlan } from "../plan/opened";
import { language, t } from "../texts";
import { editor } from "../ui";
import { type Move, Moves, readMoves } from "./compare-panel";
import { publishedTitle } from "./plan-panel";

/** What the last rebase did. */
const report = signal<Rebased | null>(null);

export function Rebase({ plan }: { plan: OpenedPlan }) {
  const newer = publishedSince(plan.summary.value);
  if (newer) return <Outdated plan={plan} newer={newer} />;
  return report.value?.plan.id === plan.id ? <Report done={report.value} /> : null;
}

/** Return the plan that was published after a draft was begun, where the draft is not on it. */
function publishedSince(draft: PlanSummary): PlanSummary | null {
  const last = lastPublished.value;
  const isNewer =
    last?.drawn && last.id !== draft.base && new Date(last.changed_at) > new Date(draft.made_at ?? 0);
  return isNewer ? last : null;
}

function Outdated({ plan, newer }: { plan: OpenedPlan; newer: PlanSummary }) {
  const [moves, setMoves] = useState<readonly Move[] | null>(null);
  const [buurten, setBuurten] = useState<readonly DrawnBuurt[]>([]);
  const [conflicts, setConflicts] = useState<readonly string[]>([]);
  const saved = (editor.value?.saving.value ?? "saved") === "saved";
  const base = plan.summary.value.base ?? "";
  useEffect(() => {
    void attempt(async () => {
      const params = { path: { plan_id: newer.id } };
      setBuurten((await ask(client.GET("/v1/plans/{plan_id}", { params }))).buurten);
      setMoves(await readMoves(newer.id, base));
    });
  }, [newer.id, base]);
  // They are in the language that they were asked for in.
  useEffect(() => setConflicts([]), [language.value]);
  const rebase = async (skip: boolean) => {
    const params = { ...onDraft(plan.id, plan.revision.peek()), query: { lang: language.value } };
    const body = { skip_conflicts: skip };
    try {
      report.value = await ask(client.POST("/v1/plans/{plan_id}:rebase", { params, body }));
    } catch (error) {
      if (!(error instanceof Refusal) || error.kind !== "rebase-conflict") throw error;
      setConflicts(await describeConflicts(plan.id, error));
      return;
    }
    await reopen();
  };
  return (
    <section class="outdated" aria-labelledby="outdated">
      <h2 id="outdated">{t("rebase.title")}</h2>
      <p>{t("rebase.explain", { plan: publishedTitle(newer) })}</p>
      {newer.reason && <blockquote>{newer.reason}</blockquote>}
      <Moves buurten={buurten} moves={moves} />
      {conflicts.length > 0 && (
        <div role="alert">
          <p>{t("rebase.conflicts")}</p>
          <ul>
            {conflicts.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      )}
      <div class="row">
        <button
          type="button"
          class="main"
          disabled={!saved}
          onClick={() => void attempt(() => rebase(conflicts.length > 0))}
        >
          {t(conflicts.length > 0 ? "rebase.skip" : "rebase.button")}
        </button>
      </div>
    </section>
  );
}

const nameOf = (op: string) => t(`operation.${op as Operation["op"]}`);

/** Say which steps do not apply, and why: the refusal names them by their numbers in the log. */
async function describeConflicts(id: string, refusal: Refusal): Promise<string[]> {
  const { entries } = await ask(client.GET("/v1/plans/{plan_id}/log", { params: { path: { plan_id: id } } }));
  const names = new Map(
    entries.map(({ number, operation }) => [`/log/${number}`, nameOf(String(operation.op))]),
  );
  return refusal.fields.map(({ field, detail }) =>
    t("rebase.conflict", {
      number: field.replace("/log/", ""),
      step: names.get(field) ?? "",
      reason: detail,
    }),
  );
}

function Report({ done }: { done: Rebased }) {
  const codes = Object.entries(done.codes).map(([before, after]) => `${before} → ${after}`);
  return (
    <section class="outdated" role="status">
      <p>
        <b>{t("rebase.done", { count: done.replayed, plan: publishedTitle(done.onto) })}</b>
      </p>
      <ul>
        {done.left_out.map(({ number, op, reason, already_so }) => (
          <li key={number}>
            {t("rebase.left-out", { step: nameOf(op), reason: already_so ? t("rebase.already") : reason })}
          </li>
        ))}
        {done.overridden.map(({ number, op, blocks, buurten }) => (
          <li key={`again ${number}`}>
            {t("rebase.overridden", { step: nameOf(op), changed: [...buurten, ...blocks].join(", ") })}
          </li>
        ))}
        {codes.length > 0 && <li>{t("rebase.codes", { codes: codes.join(", ") })}</li>}
      </ul>
      <button type="button" class="quiet" onClick={() => (report.value = null)}>
        {t("setback.close")}
      </button>
    </section>
  );
}
