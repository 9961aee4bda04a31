// One sheet for the municipality's council: the map, the buurten and where the counts come from.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { buurtName, formatDay, formatNumber, nameIn, t } from "../texts";
import { colours, municipality, opened, planMap } from "../ui";
import { save } from "./history-panel";
import { Swatch } from "./legend";
import { publishedTitle } from "./plan-panel";

export const sheetOpen = signal(false);

export function PrintSheet() {
  const plan = opened.value;
  const [picture, setPicture] = useState<{ blob: Blob; url: string } | null>(null);
  useEffect(() => {
    planMap.peek()?.fit(false);
    void planMap
      .peek()
      ?.takePicture()
      .then((blob) => blob && setPicture({ blob, url: URL.createObjectURL(blob) }));
  }, [plan]);
  useEffect(() => () => (picture ? URL.revokeObjectURL(picture.url) : undefined), [picture]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") sheetOpen.value = false;
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  if (!plan) return null;
  const summary = plan.summary.value;
  const name = municipality.value ? nameIn(municipality.value.names) : "";
  return (
    <div class="sheet" role="dialog" aria-modal="true" aria-labelledby="sheet-title">
      <div class="row no-print">
        <button type="button" class="main" disabled={!picture} onClick={() => print()}>
          {t("sheet.print")}
        </button>
        <button
          type="button"
          disabled={!picture}
          onClick={() => picture && save(picture.blob, `plan-${summary.id}.png`)}
        >
          {t("file.png")}
        </button>
        <button type="button" onClick={() => (sheetOpen.value = false)}>
          {t("sheet.close")}
        </button>
      </div>
      <h1 id="sheet-title">{t("sheet.title", { municipality: name || summary.municipality })}</h1>
      <p>
        {summary.state === "published"
          ? publishedTitle(summary)
          : `${t(`state.${summary.state}`)}: ${summary.title}`}
      </p>
      {picture && <img class="sheet-map" src={picture.url} alt={t("sheet.title", { municipality: name })} />}
      <table>
        <thead>
          <tr>
            <th scope="col">{t("sheet.buurt")}</th>
            <th scope="col" class="number">
              {t("count.households")}
            </th>
            <th scope="col" class="number">
              {t("count.dwellings")}
            </th>
          </tr>
        </thead>
        <tbody>
          {plan.buurten.value.map((buurt) => (
            <tr key={buurt.code}>
              <td>
                <Swatch colour={colours.value.get(buurt.code)} /> {buurtName(buurt)}
              </td>
              <td class="number">{formatNumber(buurt.counts.households)}</td>
              <td class="number">{formatNumber(buurt.counts.dwellings)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        <small>
          {t("sheet.source", {
            release: plan.answer.sectors_release,
            day: formatDay(new Date().toISOString()),
          })}
        </small>
      </p>
    </div>
  );
}
