// Alternatives that draw themselves, side by side; one of them becomes the draft in one step.
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { type Alternative, ask, client, Unreachable } from "../api/client";
import { readEvents } from "../api/events";
import { attempt, beginDraft } from "../opening";
import { ringsOf } from "../plan/borders";
import { PALETTE } from "../plan/colours";
import type { AskedOperation } from "../plan/editing";
import type { OpenedPlan } from "../plan/opened";
import { formatDecimal, formatShare, t } from "../texts";
import { announce, canPaint, editor, opened, panel, selected } from "../ui";

const found = signal<{ readonly plan: string; readonly alternatives: readonly Alternative[] } | null>(null);
/** The question that is being worked on, and how far it is: 0 to 1. */
const running = signal<AbortController | null>(null);
const share = signal(0);

export function ProposePanel() {
  const plan = opened.value;
  return plan && <ProposeForm plan={plan} />;
}

function ProposeForm({ plan }: { plan: OpenedPlan }) {
  const [asked, setAsked] = useState({ ...plan.answer.band, alternatives: 3, seed: 1 });
  const fields = ["least", "target", "most", "alternatives", "seed"] as const;
  const alternatives = found.value?.plan === plan.summary.value.municipality ? found.value.alternatives : [];
  return (
    <>
      <p class="hint">{t("propose.explain")}</p>
      <form
        class="grid"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(() => askFor(plan, asked));
        }}
      >
        {fields.map((name) => (
          <label key={name} class="field">
            {t(`propose.${name}`)}
            <input
              type="number"
              min={name === "seed" ? 0 : 1}
              max={name === "alternatives" ? 8 : 1_000_000}
              required
              value={asked[name]}
              onInput={(event) => setAsked({ ...asked, [name]: Number(event.currentTarget.value) })}
            />
          </label>
        ))}
        {/* By their keys two buttons: as one that turns into the other, a click on the first would send the form. */}
        {running.value ? (
          <button key="cancel" type="button" onClick={() => running.value?.abort()}>
            {t("propose.cancel")}
          </button>
        ) : (
          <button key="run" type="submit" class="main">
            {t("propose.run")}
          </button>
        )}
      </form>
      {running.value && (
        <label class="running">
          {t("propose.running")} {formatShare(share.value)}
          <progress value={share.value} max={1} />
        </label>
      )}
      {alternatives.map((alternative, place) => (
        <AlternativeCard key={place} plan={plan} alternative={alternative} number={place + 1} />
      ))}
    </>
  );
}

async function askFor(
  plan: OpenedPlan,
  body: { least: number; target: number; most: number; alternatives: number; seed: number },
): Promise<void> {
  const control = new AbortController();
  running.value = control;
  share.value = 0;
  const code = plan.summary.peek().municipality;
  try {
    const alternatives = await propose(code, body, control.signal);
    found.value = { plan: code, alternatives };
  } catch (error) {
    if (!control.signal.aborted) throw error;
  } finally {
    running.value = null;
  }
}

async function propose(
  code: string,
  body: Parameters<typeof askFor>[1],
  signal: AbortSignal,
): Promise<readonly Alternative[]> {
  const stream = await ask(
    client.POST("/v1/municipalities/{code}/plans:propose", {
      params: { path: { code } },
      body,
      signal,
      headers: { Accept: "text/event-stream" },
      parseAs: "stream",
    }),
  );
  try {
    for await (const { event, data } of readEvents(stream as ReadableStream<Uint8Array>)) {
      const told = JSON.parse(data) as { share: number; alternatives: readonly Alternative[] };
      if (event === "progress") share.value = told.share;
      else if (event === "proposals") return told.alternatives;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // A stream that breaks off is one.
  }
  throw new Unreachable();
}

function AlternativeCard({
  plan,
  alternative,
  number,
}: {
  plan: OpenedPlan;
  alternative: Alternative;
  number: number;
}) {
  const scores = alternative.scores as Record<string, number>;
  const buurten = scores.buurten ?? alternative.buurten.length;
  const lines = [
    t("propose.buurten", { count: buurten }),
    t("propose.in-band", { share: formatShare((scores.in_band ?? 0) / Math.max(1, buurten)) }),
    t("propose.distance", { households: Math.round(scores.mean_distance ?? 0) }),
    t("propose.compactness", { value: formatDecimal(scores.mean_compactness ?? 0) }),
  ];
  return (
    <article class="alternative">
      <h3>{t("propose.alternative", { number })}</h3>
      <SmallMap plan={plan} alternative={alternative} />
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
        {alternative.exceptions.length > 0 && (
          <li class="bad">{t("propose.exceptions", { count: alternative.exceptions.length })}</li>
        )}
      </ul>
      <button
        type="button"
        class="main"
        disabled={editor.value?.blocked.value}
        onClick={() =>
          void attempt(async () => {
            if (!canPaint.peek()) await beginDraft();
            await editor.peek()?.run(alternative.operation as AskedOperation);
            if (editor.peek()?.setback.peek()) return;
            selected.value = null;
            panel.value = "buurten";
            announce(t("propose.taken", { number }));
          })
        }
      >
        {t("propose.take")}
      </button>
    </article>
  );
}

const WIDTH = 320;
const HEIGHT = 200;

/** A picture of an alternative: every sector in the colour of its buurt, in equirectangular projection. */
function SmallMap({ plan, alternative }: { plan: OpenedPlan; alternative: Alternative }) {
  const buurtOf = new Map<string, number>();
  alternative.buurten.forEach((buurt, place) => {
    for (const sector of (buurt as { sectors: string[] }).sectors) buurtOf.set(sector, place);
  });
  const shapes = [...plan.shapes.values()];
  const places = shapes.flatMap((shape) => ringsOf(shape.geometry).flat()) as [number, number][];
  const [west, east] = rangeOf(places, 0);
  const [south, north] = rangeOf(places, 1);
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = Math.min(WIDTH / ((east - west) * squeeze), HEIGHT / (north - south));
  const path = (rings: readonly (readonly (readonly number[])[])[]) =>
    rings
      .map(
        (ring) =>
          `M${ring
            .map(
              ([lon = 0, lat = 0]) =>
                `${((lon - west) * squeeze * scale).toFixed(1)} ${((north - lat) * scale).toFixed(1)}`,
            )
            .join("L")}Z`,
      )
      .join("");
  return (
    <svg
      viewBox={`0 0 ${(east - west) * squeeze * scale} ${(north - south) * scale}`}
      class="small-map"
      aria-hidden="true"
    >
      {shapes.map((shape) => {
        const sector = plan.blocks.get(shape.properties.block)?.sector ?? "";
        const buurt = buurtOf.get(sector);
        const colour = buurt === undefined ? "none" : PALETTE[(buurt * 5) % PALETTE.length];
        return <path key={shape.properties.block} d={path(ringsOf(shape.geometry))} fill={colour} />;
      })}
    </svg>
  );
}

function rangeOf(places: readonly (readonly [number, number])[], axis: 0 | 1): [number, number] {
  let least = Infinity;
  let most = -Infinity;
  for (const place of places) {
    least = Math.min(least, place[axis]);
    most = Math.max(most, place[axis]);
  }
  return [least, most];
}
