// Beside the map: what the plan is, and its buurten, problems, proposals, comparison and history.
import type { JSX, TargetedKeyboardEvent } from "preact";
import type { PlanSummary } from "../api/client";
import { attempt, beginDraft, lastPublished } from "../opening";
import { mayEdit } from "../session";
import { formatDay, nameIn, t } from "../texts";
import { municipality, opened, type Panel, panel } from "../ui";
import { BuurtenPanel } from "./buurten-panel";
import { ComparePanel } from "./compare-panel";
import { HistoryPanel } from "./history-panel";
import { ProblemsPanel } from "./problems-panel";
import { ProposePanel } from "./propose-panel";

const PANELS: readonly { readonly name: Panel; readonly show: () => JSX.Element | null }[] = [
  { name: "buurten", show: BuurtenPanel },
  { name: "problems", show: ProblemsPanel },
  { name: "propose", show: ProposePanel },
  { name: "compare", show: ComparePanel },
  { name: "history", show: HistoryPanel },
];

export function PlanPanel() {
  const plan = opened.value;
  if (!plan) {
    return (
      <aside class="panel" aria-label={t("panel.label")}>
        <p class="empty">{t("plan.none")}</p>
      </aside>
    );
  }
  const shown = PANELS.filter(({ name }) => name !== "propose" || mayEdit.value);
  const Current = (shown.find(({ name }) => name === panel.value) ?? (shown[0] as (typeof shown)[0])).show;
  return (
    <aside class="panel" aria-label={t("panel.label")}>
      <PlanHead summary={plan.summary.value} />
      <div class="tabs" role="tablist" aria-label={t("panel.label")} onKeyDown={steer}>
        {shown.map(({ name }) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={panel.value === name}
            aria-controls="tab-panel"
            tabIndex={panel.value === name ? 0 : -1}
            onClick={() => (panel.value = name)}
          >
            {t(`panel.${name}`)}
            {name === "problems" && (plan.problems.value?.length ?? 0) > 0 && (
              <span class="badge">{plan.problems.value?.length}</span>
            )}
          </button>
        ))}
      </div>
      <div
        id="tab-panel"
        class="tab-panel"
        role="tabpanel"
        aria-labelledby={`tab-${panel.value}`}
        tabIndex={-1}
      >
        <Current />
      </div>
    </aside>
  );
}

function PlanHead({ summary }: { summary: PlanSummary }) {
  const names = municipality.value?.names;
  const published = summary.state === "published";
  return (
    <div class="plan-head">
      <h1>{(names && nameIn(names)) || summary.municipality}</h1>
      <p>
        <span class={`state ${summary.state}`}>{t(`state.${summary.state}`)}</span>{" "}
        {published ? publishedTitle(summary) : summary.title}
      </p>
      {published && mayEdit.value && <Begin shown={summary} />}
      {!mayEdit.value && <p class="hint">{t("plan.viewer")}</p>}
    </div>
  );
}

/** A draft begins from the plan that was published last; where another is shown, both are offered by name. */
function Begin({ shown }: { shown: PlanSummary }) {
  const last = lastPublished.value;
  const isLast = last?.id === shown.id;
  return (
    <>
      <p class="hint">
        {last && !isLast ? t("plan.later", { plan: publishedTitle(last) }) : t("plan.read-only")}
      </p>
      <div class="row">
        <button type="button" class="main" disabled={!last} onClick={() => void attempt(() => beginDraft())}>
          {last && !isLast ? t("plan.begin-from", { version: last.version ?? 0 }) : t("plan.begin")}
        </button>
        {last && !isLast && (
          <button type="button" onClick={() => void attempt(() => beginDraft(shown.id))}>
            {t("plan.begin-from", { version: shown.version ?? 0 })}
          </button>
        )}
      </div>
    </>
  );
}

export function publishedTitle(summary: PlanSummary): string {
  const version = t("plan.version", { version: summary.version ?? 0 });
  if (!summary.drawn) return `${version}, ${t("plan.imported")}`;
  return summary.valid_from
    ? `${version}, ${t("plan.from", { day: formatDay(summary.valid_from) })}`
    : version;
}

/** Arrow keys go from tab to tab (WAI-ARIA Authoring Practices, tabs). */
function steer(event: TargetedKeyboardEvent<HTMLDivElement>): void {
  const tabs = [...event.currentTarget.querySelectorAll<HTMLButtonElement>("[role=tab]")];
  const at = tabs.indexOf(document.activeElement as HTMLButtonElement);
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    Home: 0,
    End: tabs.length - 1,
  };
  const next = steps[event.key];
  if (next === undefined) return;
  event.preventDefault();
  const tab = tabs[(next + tabs.length) % tabs.length];
  tab?.focus();
  tab?.click();
}
