// The page: what is above the map, beside it and on it.

import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { session } from "../session";
import { buurtName, formatNumber, nameIn, t } from "../texts";
import { announcement, editor, failure, loading, measure, opened, planMap, pointed } from "../ui";
import { Header } from "./header";
import { Legend } from "./legend";
import { PlanPanel } from "./plan-panel";
import { PrintSheet, sheetOpen } from "./print-sheet";
import { ConflictDialog, SetbackNote } from "./setbacks";
import { SignIn } from "./sign-in";
import { Toolbar } from "./toolbar";

/** The map's code is the largest part of the page: it comes beside the data, and runs when somebody is signed in. */
export const loadMap = () => import("../map/stage");

/** Bounds that classes of a choropleth begin at. */
const bounds = signal<readonly number[]>([]);

export function App() {
  if (session.value === null) return <SignIn />;
  return (
    <>
      <a class="skip" href="#map">
        {t("app.skip")}
      </a>
      <div class="page" inert={sheetOpen.value}>
        <Header />
        <main class="work">
          <PlanPanel />
          <section class="stage" aria-label={t("map.region")}>
            <MapView />
            <Toolbar />
            <Legend bounds={bounds.value} />
            <Pointed />
            {session.value.base_map && <p class="attribution">{session.value.base_map.attribution}</p>}
            <SetbackNote />
          </section>
        </main>
      </div>
      <ConflictDialog />
      {sheetOpen.value && <PrintSheet />}
      <div class="unseen" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </>
  );
}

function MapView() {
  const place = useRef<HTMLDivElement>(null);
  // Before the first picture of the page: the map gets ready while the server writes the plan.
  useLayoutEffect(() => {
    let leave = () => {};
    let left = false;
    void loadMap().then(({ PlanMap, Gestures }) => {
      if (left) return;
      const map = new PlanMap(place.current as HTMLElement);
      map.onBounds = (found) => {
        if (found.join() !== bounds.peek().join()) bounds.value = found;
      };
      const gestures = new Gestures(map);
      planMap.value = map;
      // For the browser's console, and for tests that ask where something is on the screen.
      const unsaved = () => editor.peek()?.queue.steps.peek().length ?? 0;
      Object.assign(globalThis, { buurtwijzer: { map: map.map, unsaved, rest: () => map.rest() } });
      leave = () => {
        planMap.value = null;
        gestures.destroy();
        map.destroy();
      };
    });
    return () => {
      left = true;
      leave();
    };
  }, []);
  return (
    <>
      <div id="map" class="map" ref={place} data-measure={measure.value} />
      <div class="cross" aria-hidden="true" />
      {(loading.value || failure.value) && (
        <div class={failure.value ? "notice bad" : "notice"} role={failure.value ? "alert" : "status"}>
          {failure.value || t("app.loading")}
          {failure.value && (
            <button type="button" class="quiet" onClick={() => (failure.value = "")}>
              {t("setback.close")}
            </button>
          )}
        </div>
      )}
    </>
  );
}

/** What is under the pointer, or under the cross of the keyboard. */
function Pointed() {
  const plan = opened.value;
  const block = pointed.value === null ? undefined : plan?.blocks.get(pointed.value);
  void plan?.assigned.value;
  let text = "";
  if (plan && block) {
    const buurt = plan.buurt(plan.buurtOf(block.code));
    const name = nameIn(plan.answer.sector_names[block.sector] ?? {});
    const parameters = {
      name: [name, block.code].filter(Boolean).join(" · "),
      buurt: buurt ? buurtName(buurt) : t("measure.no-buurt"),
    };
    text =
      block.households === null
        ? t("point.unknown", parameters)
        : t("point.block", { ...parameters, households: formatNumber(block.households) });
  }
  return (
    <output class="pointed" aria-live="polite" hidden={!text}>
      {text}
    </output>
  );
}
