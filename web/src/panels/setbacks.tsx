// What did not go as drawn: a refusal of the server, or another editor who was first.
import { useEffect, useRef } from "preact/hooks";
import type { Editor } from "../plan/editing";
import { t } from "../texts";
import { editor } from "../ui";

const FALLS_APART = "buurt-falls-apart";

export function SetbackNote() {
  const work = editor.value;
  const setback = work?.setback.value;
  if (!work || !setback) return null;
  const { refusal, step } = setback;
  const close = () => {
    work.setback.value = null;
  };
  return (
    <div class="notice bad" role="alert" data-refusal={refusal.kind}>
      <span>
        <b>{t("setback.title")}.</b> {refusal.detail || refusal.title}
      </span>
      {refusal.kind === FALLS_APART && step.kind === "operation" && (
        <button
          type="button"
          class="quiet"
          onClick={() => void work.run({ ...step.operation, allow_parts: true })}
        >
          {t("setback.anyway")}
        </button>
      )}
      <button type="button" class="quiet" onClick={close}>
        {t("setback.close")}
      </button>
    </div>
  );
}

export function ConflictDialog() {
  const work = editor.value;
  const conflict = work?.conflict.value;
  return work && conflict ? (
    <OpenConflict work={work} theirs={conflict.theirs} mine={conflict.mine.length} />
  ) : null;
}

function OpenConflict({ work, theirs, mine }: { work: Editor; theirs: readonly string[]; mine: number }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="conflict-title" onCancel={(event) => event.preventDefault()}>
      <h2 id="conflict-title">{t("conflict.title")}</h2>
      <p>{t("conflict.theirs")}</p>
      <ul>
        {theirs.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <p>{t("conflict.mine", { count: mine })}</p>
      <div class="row">
        <button type="button" class="main" onClick={() => work.resolve(true)}>
          {t("conflict.rebase")}
        </button>
        <button type="button" onClick={() => work.resolve(false)}>
          {t("conflict.drop")}
        </button>
      </div>
    </dialog>
  );
}
