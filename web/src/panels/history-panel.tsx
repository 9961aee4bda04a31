// The plans of the municipality: a slider through the days, drafts, and files.

import type { PlanSummary } from "../api/client";
import { ask, authorization, client, onDraft, Unreachable } from "../api/client";
import { attempt, beginDraft, importFile, loadPlans, openPlan, plans } from "../opening";
import { mayEdit } from "../session";
import { formatDay, t } from "../texts";
import { opened } from "../ui";
import { publishedTitle } from "./plan-panel";

export function HistoryPanel() {
  const list = plans.value;
  if (!list) return <p class="empty">{t("app.loading")}</p>;
  const drawn = [...list.plans].reverse();
  return (
    <>
      <DaySlider drawn={drawn} />
      <h2>{t("history.drafts")}</h2>
      <PlanList plans={list.drafts} />
      <h2>{t("history.plans")}</h2>
      <PlanList plans={list.plans} />
      <Files />
      {mayEdit.value && <ImportFile />}
    </>
  );
}

/** From plan to plan in the order of their days. */
function DaySlider({ drawn }: { drawn: readonly PlanSummary[] }) {
  const at = drawn.findIndex(({ id }) => id === opened.value?.id);
  if (drawn.length < 2) return null;
  const shown = drawn[at === -1 ? drawn.length - 1 : at] as PlanSummary;
  const text = shown.valid_from && shown.drawn ? formatDay(shown.valid_from) : publishedTitle(shown);
  return (
    <label class="field">
      {t("history.slider")}: {text}
      <input
        type="range"
        min={0}
        max={drawn.length - 1}
        step={1}
        value={at === -1 ? drawn.length - 1 : at}
        aria-valuetext={text}
        onChange={(event) => {
          const chosen = drawn[Number(event.currentTarget.value)];
          if (chosen) void attempt(() => openPlan(chosen.id));
        }}
      />
    </label>
  );
}

function PlanList({ plans: list }: { plans: readonly PlanSummary[] }) {
  if (list.length === 0) return <p class="empty">{t("history.none")}</p>;
  return (
    <ul class="plans">
      {list.map((plan) => (
        <li key={plan.id} aria-current={plan.id === opened.value?.id ? "true" : undefined}>
          <span>
            <b>{plan.state === "published" ? publishedTitle(plan) : plan.title}</b>
            <br />
            <small>{plan.reason ?? formatDay(plan.changed_at)}</small>
          </span>
          <span class="row">
            <button type="button" class="quiet" onClick={() => void attempt(() => openPlan(plan.id))}>
              {t("history.open")}
            </button>
            {mayEdit.value && plan.state === "published" && (
              <button type="button" class="quiet" onClick={() => void attempt(() => beginDraft(plan.id))}>
                {t("plan.begin-from", { version: plan.version ?? 0 })}
              </button>
            )}
            {mayEdit.value && plan.state === "draft" && (
              <button type="button" class="quiet danger" onClick={() => void attempt(() => discard(plan))}>
                {t("publish.discard")}
              </button>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

async function discard(plan: PlanSummary): Promise<void> {
  await ask(client.POST("/v1/plans/{plan_id}:discard", { params: onDraft(plan.id, plan.revision) }));
  await loadPlans();
  const first = plans.peek()?.plans[0];
  if (opened.peek()?.id === plan.id && first) await openPlan(first.id);
}

/** Choose a file, or drop it on the page: it becomes a draft. */
function ImportFile() {
  return (
    <label class="field">
      {t("file.import")}
      <input
        type="file"
        accept=".geojson,.json,.gpkg,.csv"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (file) void attempt(() => importFile(file));
        }}
      />
    </label>
  );
}

function Files() {
  const plan = opened.value;
  if (!plan) return null;
  return (
    <div class="row">
      {(["geojson", "gpkg", "csv"] as const).map((format) => (
        <button key={format} type="button" onClick={() => void attempt(() => download(plan.id, format))}>
          {t("file.export")} {t(`file.${format}`)}
        </button>
      ))}
    </div>
  );
}

/** Fetch a file with the key in a header, and hand it to the browser: a link would need the key in its URL. */
async function download(id: string, format: "geojson" | "gpkg" | "csv"): Promise<void> {
  const answer = await fetch(`/v1/plans/${id}/export?f=${format}`, { headers: authorization() });
  if (!answer.ok) throw new Unreachable();
  save(await answer.blob(), `plan-${id}.${format}`);
}

export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
