// Above the map: search, how the work stands, language and appearance.

import { signOut, type Theme, theme } from "../session";
import { LANGUAGES, type Language, language, t } from "../texts";
import { announce, editor, opened } from "../ui";
import { sheetOpen } from "./print-sheet";
import { SearchBox } from "./search-box";

export function Header() {
  return (
    <header class="bar">
      <Logo />
      <SearchBox />
      <Saving />
      <div class="bar-end">
        <button type="button" class="quiet" onClick={share}>
          {t("app.share")}
        </button>
        <button type="button" class="quiet" disabled={!opened.value} onClick={() => (sheetOpen.value = true)}>
          {t("app.print")}
        </button>
        <LanguageChoice />
        <label class="choice">
          <span class="unseen">{t("app.theme")}</span>
          <select
            value={theme.value}
            onChange={(event) => (theme.value = event.currentTarget.value as Theme)}
          >
            {(["system", "light", "dark"] as const).map((name) => (
              <option key={name} value={name}>
                {t(`theme.${name}`)}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="quiet" onClick={signOut}>
          {t("app.sign-out")}
        </button>
      </div>
    </header>
  );
}

export function Logo() {
  return (
    <span class="logo">
      <img src="/icon.svg" alt="" width="28" height="28" /> {t("app.title")}
    </span>
  );
}

const OWN_NAMES: Readonly<Record<Language, string>> = { nl: "Nederlands", fr: "Français", en: "English" };

export function LanguageChoice() {
  return (
    <label class="choice">
      <span class="unseen">{t("app.language")}</span>
      <select
        value={language.value}
        onChange={(event) => (language.value = event.currentTarget.value as Language)}
      >
        {LANGUAGES.map((name) => (
          <option key={name} value={name} lang={name}>
            {OWN_NAMES[name]}
          </option>
        ))}
      </select>
    </label>
  );
}

function Saving() {
  const work = editor.value;
  if (!work) return <span class="saving" />;
  const state = work.saving.value;
  return (
    <span class={`saving ${state}`} role="status" data-saving={state}>
      {t(`saving.${state}`, { count: work.queue.steps.value.length })}
    </span>
  );
}

function share(): void {
  void navigator.clipboard.writeText(location.href).then(() => announce(t("app.shared")));
}
