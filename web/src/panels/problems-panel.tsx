// What the checks found; a click shows the place.

import type { Geometry } from "geojson";
import { useEffect } from "preact/hooks";
import { ask, client, type PlanProblem } from "../api/client";
import { attempt } from "../opening";
import type { OpenedPlan } from "../plan/opened";
import { buurtName, language, t } from "../texts";
import { canPaint, editor, opened, planMap, problemShown } from "../ui";

/** Wait this long after the last change before the whole plan is checked again. */
const CALM_MS = 800;

export async function checkPlan(plan: OpenedPlan): Promise<void> {
  const params = { path: { plan_id: plan.id } };
  const { problems } = await ask(client.GET("/v1/plans/{plan_id}/problems", { params }));
  plan.problems.value = problems;
}

export function ProblemsPanel() {
  const plan = opened.value;
  const revision = plan?.revision.value;
  useEffect(() => {
    if (!plan) return;
    const timer = setTimeout(() => void attempt(() => checkPlan(plan)), plan.problems.peek() ? CALM_MS : 0);
    return () => clearTimeout(timer);
  }, [plan, revision]);
  if (!plan) return null;
  const problems = plan.problems.value;
  if (problems === null) return <p class="empty">{t("app.loading")}</p>;
  if (problems.length === 0) return <p class="empty">{t("problems.none")}</p>;
  return (
    <ul class="problems">
      {problems.map((problem, place) => (
        <li key={place}>
          <button
            type="button"
            aria-pressed={problemShown.value === problem}
            onClick={() => {
              problemShown.value = problem;
              planMap.value?.flyToBlocks(problem.blocks, problem.place as unknown as Geometry);
            }}
          >
            <span class={`severity ${problem.severity}`}>{t(`severity.${problem.severity}`)}</span>
            <span>
              <b>{withNames(plan, problem.texts[language.value] ?? problem.code)}</b>
              {problem.buurten.length === 0 && <small> {nameBlocks(problem)}</small>}
            </span>
          </button>
          <Remedy problem={problem} />
        </li>
      ))}
    </ul>
  );
}

/** What would solve it: done by a click where it is an operation, else a word of advice. */
function Remedy({ problem: { remedy } }: { problem: PlanProblem }) {
  if (!remedy) return null;
  const text = opened.value ? withNames(opened.value, remedy.texts[language.value] ?? remedy.code) : "";
  const { operation } = remedy;
  if (!operation || !canPaint.value) return <p class="remedy">{text}</p>;
  return (
    <button
      type="button"
      class="quiet remedy"
      disabled={editor.value?.blocked.value}
      onClick={() => void editor.value?.run(operation)}
    >
      → {text}
    </button>
  );
}

const MOST_NAMED = 3;

function nameBlocks({ blocks }: PlanProblem): string {
  const more = blocks.length > MOST_NAMED ? ` +${blocks.length - MOST_NAMED}` : "";
  return blocks.slice(0, MOST_NAMED).join(", ") + more;
}

/** The server speaks of buurten by their codes; people know them by their names. */
function withNames(plan: OpenedPlan, text: string): string {
  const names = new Map(plan.buurten.value.map((buurt) => [buurt.code, buurtName(buurt)]));
  return text.replace(/[A-Z0-9]+-[0-9]{2,6}/g, (code) => names.get(code) ?? code);
}
