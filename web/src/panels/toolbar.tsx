// On the map: the tools as a radio group, undo and redo, and what the colours show.
import { useEffect } from "preact/hooks";
import { buurtName, t } from "../texts";
import {
  brush,
  canPaint,
  editor,
  type Measure,
  measure,
  opened,
  planMap,
  selected,
  type Tool,
  tool,
} from "../ui";

const TOOLS: readonly { readonly name: Tool; readonly key: string; readonly icon: string }[] = [
  { name: "look", key: "v", icon: "M4 3l13 7-6 1.5L8.5 17z" },
  { name: "paint", key: "b", icon: "M14 3l3 3-7 8-4 1 1-4zM3 17h6" },
  { name: "box", key: "r", icon: "M4 5h12v10H4z" },
  { name: "lasso", key: "l", icon: "M10 4c5 0 7 2 7 4.5s-3 4.5-7 4.5-7-2-7-4.5S5 4 10 4zM7 13c-2 1-2 3 0 4" },
  {
    name: "cut",
    key: "c",
    icon: "M4 4l12 12M16 4L4 16M5 16.5a1.5 1.5 0 1 0 .1 0M15 16.5a1.5 1.5 0 1 0 .1 0",
  },
  { name: "split", key: "s", icon: "M3 5h14v10H3zM10 3v14" },
  { name: "reshape", key: "e", icon: "M3 15c3 0 3-10 7-10s4 10 7 10" },
];
const BRUSHES = [0, 16, 40] as const;
const MEASURES: readonly Measure[] = ["buurten", "households", "adoption", "letters"];

export function Toolbar() {
  const work = editor.value;
  const plan = opened.value;
  const editing = canPaint.value;
  useEffect(() => {
    addEventListener("keydown", onShortcut);
    return () => removeEventListener("keydown", onShortcut);
  }, []);
  const busy = work?.blocked.value ?? false;
  return (
    <div class="tools">
      {editing && (
        <>
          <fieldset class="tool-row">
            <legend class="unseen">{t("tool.title")}</legend>
            {TOOLS.map(({ name, key, icon }) => (
              <label key={name} class="tool" title={`${t(`tool.${name}`)} (${key.toUpperCase()})`}>
                <input
                  type="radio"
                  name="tool"
                  value={name}
                  checked={tool.value === name}
                  onChange={() => (tool.value = name)}
                />
                <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
                  <path d={icon} />
                </svg>
                <span>{t(`tool.${name}`)}</span>
              </label>
            ))}
          </fieldset>
          <div class="tool-row">
            {tool.value === "paint" && (
              <label class="choice">
                {t("tool.brush")}
                <select
                  value={brush.value}
                  onChange={(event) => (brush.value = Number(event.currentTarget.value))}
                >
                  {BRUSHES.map((radius, size) => (
                    <option key={radius} value={radius}>
                      {"●".repeat(size + 1)}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <button
              type="button"
              disabled={!plan?.canUndo.value || busy}
              title="Ctrl+Z"
              onClick={() => void work?.undo()}
            >
              ↶ {t("tool.undo")}
            </button>
            <button
              type="button"
              disabled={!plan?.canRedo.value || busy}
              title="Ctrl+Y"
              onClick={() => void work?.redo()}
            >
              ↷ {t("tool.redo")}
            </button>
            <MeasureChoice />
            <button type="button" onClick={() => planMap.value?.fit()}>
              {t("tool.fit")}
            </button>
          </div>
          <Hint />
        </>
      )}
      {!editing && (
        <div class="tool-row">
          <MeasureChoice />
          <button type="button" onClick={() => planMap.value?.fit()}>
            {t("tool.fit")}
          </button>
        </div>
      )}
    </div>
  );
}

function MeasureChoice() {
  return (
    <label class="choice">
      {t("measure.label")}
      <select
        value={measure.value}
        onChange={(event) => (measure.value = event.currentTarget.value as Measure)}
      >
        {MEASURES.map((name) => (
          <option key={name} value={name}>
            {t(`measure.${name as "buurten"}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Hint() {
  const buurt = opened.value?.buurt(selected.value);
  const busy = editor.value?.blocked.value;
  const name = buurt ? buurtName(buurt) : t("hint.no-buurt");
  return <p class="hint">{busy ? t("hint.waiting") : t(`hint.${tool.value}`, { buurt: name })}</p>;
}

/** Letters choose tools and Ctrl+Z, Ctrl+Y undo and redo, unless somebody types into a field. */
function onShortcut(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (target.closest("input:not([type=radio]), textarea, select, dialog")) return;
  const work = editor.peek();
  if (!work || !canPaint.peek()) return;
  const letter = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    const plan = work.plan;
    if (work.blocked.peek()) return;
    if (letter === "z" && !event.shiftKey && plan.canUndo.peek()) void work.undo();
    else if ((letter === "y" || (letter === "z" && event.shiftKey)) && plan.canRedo.peek()) void work.redo();
    else return;
    event.preventDefault();
  } else if (!event.altKey) {
    const chosen = TOOLS.find(({ key }) => key === letter);
    if (chosen) tool.value = chosen.name;
  }
}
