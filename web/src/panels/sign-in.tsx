// The door: without a key there is nothing to see.
import { useState } from "preact/hooks";
import { refused, signIn } from "../session";
import { t } from "../texts";
import { LanguageChoice, Logo } from "./header";

export function SignIn() {
  const [busy, setBusy] = useState(false);
  const [key, setKey] = useState("");
  const why = refused.value;
  return (
    <main class="door">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          void signIn(key.trim()).finally(() => setBusy(false));
        }}
      >
        <Logo />
        <h1>{t("sign-in.title")}</h1>
        <p id="key-hint">{t("sign-in.explain")}</p>
        <label for="key">{t("sign-in.key")}</label>
        <input
          id="key"
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          value={key}
          aria-describedby="key-hint key-wrong"
          aria-invalid={why !== null}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        <p id="key-wrong" class="bad" role="alert">
          {why === null ? "" : t(`sign-in.${why}`)}
        </p>
        <button type="submit" class="main" disabled={busy}>
          {t("sign-in.button")}
        </button>
        <LanguageChoice />
      </form>
    </main>
  );
}
