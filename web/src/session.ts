// Who is at the screen: the key, what it may do, and the language and theme that were chosen.
import { computed, effect, signal } from "@preact/signals";
import { ask, client, Refusal, type Session, useKey } from "./api/client";

const KEY = "buurtwijzer-key";
export const session = signal<Session | null>(null);
/** Why the last key was not taken; null while there is nothing to say. */
export const refused = signal<"unknown-key" | "not-viewer" | "unreachable" | null>(null);
export const mayEdit = computed(() => session.value?.scopes.includes("ops") ?? false);

/**
 * Sign in with a key.
 *
 * It is kept for this tab only (sessionStorage): closing the tab signs out, and another tab's page cannot read it.
 */
export async function signIn(key: string): Promise<void> {
  useKey(key);
  try {
    const found = await ask(client.GET("/v1/session"));
    if (!found.scopes.includes("viewer")) {
      refused.value = "not-viewer";
      useKey("");
      return;
    }
    sessionStorage.setItem(KEY, key);
    refused.value = null;
    session.value = found;
  } catch (error) {
    refused.value = error instanceof Refusal ? "unknown-key" : "unreachable";
    useKey("");
  }
}

/** Sign out: the page begins anew, so that nothing of what was open stays in it. */
export function signOut(): void {
  sessionStorage.removeItem(KEY);
  location.reload();
}

/**
 * Take the key of this tab, or that of a link (`#key=…`: a fragment is never sent to a server).
 *
 * Requests carry it from here on; returns what signs in with it, or nothing where there is no key.
 */
export function resume(): Promise<void> | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get("key");
  if (given) {
    fragment.delete("key");
    history.replaceState(null, "", `${location.pathname}${location.search}${asFragment(fragment)}`);
  }
  const key = given ?? sessionStorage.getItem(KEY);
  return key ? signIn(key) : undefined;
}

function asFragment(parameters: URLSearchParams): string {
  const text = parameters.toString();
  return text ? `#${text}` : "";
}

export type Theme = "system" | "light" | "dark";
const THEME = "buurtwijzer-theme";
const themes: readonly Theme[] = ["system", "light", "dark"];
export const theme = signal<Theme>(themes.find((name) => name === localStorage.getItem(THEME)) ?? "system");
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(prefersDark.matches);
prefersDark.addEventListener("change", (event) => {
  systemDark.value = event.matches;
});
export const dark = computed(() => (theme.value === "system" ? systemDark.value : theme.value === "dark"));
effect(() => {
  localStorage.setItem(THEME, theme.value);
  document.documentElement.dataset.theme = dark.value ? "dark" : "light";
});
