// The buurten of the plan with their households, and the one that is selected with all that can be done to it.
import { useEffect, useState } from "preact/hooks";
import type { DrawnBuurt } from "../api/client";
import { bandStatus } from "../plan/counts";
import type { AskedOperation } from "../plan/editing";
import { figureOf } from "../plan/measures";
import { buurtName, formatCount, formatNumber, nameIn, type TextKey, t } from "../texts";
import { canPaint, colours, editor, opened, planMap, selected } from "../ui";
import { Swatch } from "./legend";

const run = (operation: AskedOperation) => editor.peek()?.run(operation);

export function BuurtenPanel() {
  const plan = opened.value;
  const [byHouseholds, setByHouseholds] = useState(false);
  if (!plan) return null;
  const chosen = plan.buurt(selected.value);
  if (chosen) return <BuurtDetails key={chosen.code} buurt={chosen} />;
  const { band } = plan.answer;
  const buurten = [...plan.buurten.value].sort((left, right) =>
    byHouseholds
      ? right.counts.households - left.counts.households
      : buurtName(left).localeCompare(buurtName(right), undefined, { numeric: true }),
  );
  const good = buurten.filter(({ counts }) => bandStatus(counts, band) === "good").length;
  const sums = plan.totals.value;
  const none = plan.unassigned.value;
  return (
    <>
      <p class="totals" data-households={sums.households}>
        <b>
          {t(buurten.length === 1 ? "buurten.total-one" : "buurten.total", {
            buurten: buurten.length,
            households: sums.households,
          })}
        </b>
        <br />
        {t("buurten.band", { count: good, total: buurten.length, least: band.least, most: band.most })}
        <Certainty estimated={sums.estimated} unknown={sums.unknown} />
      </p>
      <div class="row">
        {canPaint.value && (
          <button
            type="button"
            class="main"
            disabled={editor.value?.blocked.value}
            onClick={() => void makeBuurt()}
          >
            + {t("buurten.new")}
          </button>
        )}
        <label class="choice">
          {t("buurten.sort")}
          <select
            value={String(byHouseholds)}
            onChange={(event) => setByHouseholds(event.currentTarget.value === "true")}
          >
            <option value="false">{t("sort.name")}</option>
            <option value="true">{t("sort.households")}</option>
          </select>
        </label>
      </div>
      <ul class="buurten">
        {none.blocks > 0 && (
          <li class="none">
            <span>{t("buurten.unassigned")}</span>
            <span class="number">{formatNumber(none.households)}</span>
          </li>
        )}
        {buurten.map((buurt) => (
          <BuurtRow key={buurt.code} buurt={buurt} />
        ))}
      </ul>
    </>
  );
}

function BuurtRow({ buurt }: { buurt: DrawnBuurt }) {
  const band = opened.value?.answer.band;
  const status = band ? bandStatus(buurt.counts, band) : "good";
  return (
    <li>
      <button type="button" data-buurt={buurt.code} onClick={() => (selected.value = buurt.code)}>
        <Swatch colour={colours.value.get(buurt.code)} />
        <span class="name">
          {buurtName(buurt)}
          {buurt.locked && " 🔒"}
        </span>
        {status !== "good" && band && (
          <span class={`band ${status}`}>{t(`band.${status}`, { least: band.least, most: band.most })}</span>
        )}
        <span class="number">{formatNumber(buurt.counts.households)}</span>
      </button>
    </li>
  );
}

function Certainty({ estimated, unknown }: { estimated: number; unknown: number }) {
  if (estimated + unknown === 0) return null;
  const parts = [
    estimated > 0 && t("count.estimated", { count: estimated }),
    unknown > 0 && t("count.unknown", { count: unknown }),
  ];
  return <small class="certainty">{parts.filter(Boolean).join(" · ")}</small>;
}

async function makeBuurt(): Promise<void> {
  const plan = opened.peek();
  const before = new Set(plan?.buurten.peek().map(({ code }) => code));
  const number = before.size + 1;
  await run({ op: "create_buurt", names: { nl: `Buurt ${number}`, fr: `Quartier ${number}` } });
  const made = opened
    .peek()
    ?.buurten.peek()
    .find(({ code }) => !before.has(code));
  if (made) selected.value = made.code;
}

const SHOWN: readonly (keyof DrawnBuurt["counts"] &
  ("households" | "dwellings" | "members" | "letters" | "blocks"))[] = [
  "households",
  "dwellings",
  "members",
  "letters",
  "blocks",
];

function BuurtDetails({ buurt }: { buurt: DrawnBuurt }) {
  const plan = opened.value;
  const band = plan?.answer.band;
  const status = band ? bandStatus(buurt.counts, band) : "good";
  const editing = canPaint.value;
  const busy = editor.value?.blocked.value ?? false;
  const { counts } = buurt;
  return (
    <>
      <div class="row">
        <button type="button" class="quiet" onClick={() => (selected.value = null)}>
          ← {t("buurt.close")}
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => planMap.value?.flyToBlocks(plan?.blocksOf(buurt.code) ?? [])}
        >
          {t("problems.fly")}
        </button>
      </div>
      <h2>
        <Swatch colour={colours.value.get(buurt.code)} /> {buurtName(buurt)} <small>{buurt.code}</small>
      </h2>
      <p class="big" data-households={counts.households} aria-live="polite">
        {formatNumber(counts.households)} <small>{t("count.households")}</small>{" "}
        {band && (
          <span class={`band ${status}`}>{t(`band.${status}`, { least: band.least, most: band.most })}</span>
        )}
      </p>
      <dl class="counts">
        {SHOWN.slice(1).map((name) => (
          <div key={name}>
            <dt>{t(`count.${name}` as TextKey)}</dt>
            <dd>{formatCount(counts[name])}</dd>
          </div>
        ))}
        <div>
          <dt>{t("measure.adoption")}</dt>
          <dd>{figureOf("adoption", counts)}</dd>
        </div>
      </dl>
      <Certainty estimated={counts.estimated} unknown={counts.unknown} />
      {editing && <Names buurt={buurt} busy={busy} />}
      {editing && (
        <fieldset disabled={busy}>
          <ColourChoice buurt={buurt} />
          <label class="check">
            <input
              type="checkbox"
              checked={buurt.live}
              onChange={() => void run({ op: "set_live", buurt: buurt.code, live: !buurt.live })}
            />
            {t("buurt.live")}
          </label>
          <label class="check">
            <input
              type="checkbox"
              checked={buurt.locked}
              onChange={() => void run({ op: "lock_buurt", buurt: buurt.code, locked: !buurt.locked })}
            />
            {t("buurt.locked")}
          </label>
          <Merge buurt={buurt} />
        </fieldset>
      )}
      <Blocks buurt={buurt} editing={editing} />
    </>
  );
}

function Names({ buurt, busy }: { buurt: DrawnBuurt; busy: boolean }) {
  const languages = ["nl", "fr", "de"] as const;
  const [names, setNames] = useState<Record<string, string>>({});
  useEffect(() => setNames({}), [buurt.names.nl, buurt.names.fr, buurt.names.de]);
  const changed = languages.filter((name) => name in names && names[name] !== (buurt.names[name] ?? ""));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const given = Object.fromEntries(changed.map((name) => [name, names[name]?.trim() || null]));
        void run({ op: "rename_buurt", buurt: buurt.code, names: given });
      }}
    >
      {languages.map((name) => (
        <label key={name} class="field">
          {t("buurt.name", { language: name })}
          <input
            lang={name}
            maxLength={200}
            value={names[name] ?? buurt.names[name] ?? ""}
            onInput={(event) => setNames({ ...names, [name]: event.currentTarget.value })}
          />
        </label>
      ))}
      {changed.length > 0 && (
        <button type="submit" class="main" disabled={busy}>
          {t("buurt.save")}
        </button>
      )}
    </form>
  );
}

function ColourChoice({ buurt }: { buurt: DrawnBuurt }) {
  const set = (colour: string | null) => run({ op: "set_colour", buurt: buurt.code, colour });
  return (
    <div class="row">
      <label class="check">
        {t("buurt.colour")}
        <input
          type="color"
          value={buurt.colour ?? colours.value.get(buurt.code) ?? "#cccccc"}
          onChange={(event) => void set(event.currentTarget.value)}
        />
      </label>
      {buurt.colour !== null && (
        <button type="button" class="quiet" onClick={() => void set(null)}>
          {t("buurt.colour-auto")}
        </button>
      )}
    </div>
  );
}

function Merge({ buurt }: { buurt: DrawnBuurt }) {
  const [into, setInto] = useState("");
  const others = opened.value?.buurten.value.filter(({ code }) => code !== buurt.code) ?? [];
  return (
    <div class="row">
      <label class="field">
        {t("buurt.merge")}
        <select value={into} onChange={(event) => setInto(event.currentTarget.value)}>
          <option value="">{t("buurt.merge-choose")}</option>
          {others.map((other) => (
            <option key={other.code} value={other.code}>
              {buurtName(other)}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        disabled={!into}
        onClick={() => {
          void run({ op: "merge_buurten", into, others: [buurt.code] })?.then(() => {
            if (!opened.peek()?.buurt(buurt.code)) selected.value = into;
          });
        }}
      >
        {t("buurt.merge-button")}
      </button>
      <button
        type="button"
        class="danger"
        onClick={() => {
          void run({ op: "dissolve_buurt", buurt: buurt.code });
        }}
      >
        {t("buurt.dissolve")}
      </button>
    </div>
  );
}

/** The blocks as a list: what the map does with a pointer, this does with the keyboard and a screen reader. */
function Blocks({ buurt, editing }: { buurt: DrawnBuurt; editing: boolean }) {
  const plan = opened.value;
  const [shown, setShown] = useState(false);
  if (!plan) return null;
  void plan.assigned.value;
  const codes = shown ? plan.blocksOf(buurt.code).sort() : [];
  const others = plan.buurten.value.filter(({ code }) => code !== buurt.code);
  return (
    <details open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>
        {t("buurt.blocks")} ({formatNumber(buurt.counts.blocks)})
      </summary>
      <ul class="blocks">
        {codes.map((code) => {
          const block = plan.blocks.get(code);
          const sector = block?.sector ?? code;
          return (
            <li key={code}>
              <button type="button" class="quiet" onClick={() => planMap.value?.flyToBlocks([code])}>
                {nameIn(plan.answer.sector_names[sector] ?? {}) || sector}
                {code !== sector && ` ${code.slice(sector.length)}`}
              </button>
              <span class="number">
                {block?.households === null ? "?" : formatNumber(block?.households ?? 0)}
              </span>
              {editing && (
                <select
                  value=""
                  aria-label={t("buurt.move-to", { block: code })}
                  onChange={(event) =>
                    void run({ op: "assign_blocks", blocks: [code], buurt: event.currentTarget.value })
                  }
                >
                  <option value="">→</option>
                  {others.map((other) => (
                    <option key={other.code} value={other.code}>
                      {buurtName(other)}
                    </option>
                  ))}
                </select>
              )}
              {editing && code !== sector && (
                <button type="button" class="quiet" onClick={() => void run({ op: "join_blocks", sector })}>
                  {t("buurt.join", { sector })}
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </details>
  );
}
