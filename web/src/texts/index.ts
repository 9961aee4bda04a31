// The page's words in Dutch, French and English, and numbers as those languages write them.
import { computed, effect, signal } from "@preact/signals";
import type { DrawnBuurt, Names } from "../api/client";
import { en } from "./en";
import { fr } from "./fr";
import { nl } from "./nl";

export type Language = "nl" | "fr" | "en";
export type TextKey = keyof typeof en;
export type Texts = Readonly<Record<TextKey, string>>;

const LANGUAGE = "buurtwijzer-language";
export const LANGUAGES: readonly Language[] = ["nl", "fr", "en"];
const texts: Readonly<Record<Language, Texts>> = { nl, fr, en };

function firstLanguage(): Language {
  const wanted = [
    new URLSearchParams(location.search).get("lang"),
    localStorage.getItem(LANGUAGE),
    ...navigator.languages.map((name) => name.slice(0, 2)),
  ];
  return wanted.map((name) => LANGUAGES.find((known) => known === name)).find(Boolean) ?? "nl";
}

export const language = signal<Language>(firstLanguage());
effect(() => {
  localStorage.setItem(LANGUAGE, language.value);
  document.documentElement.lang = language.value;
});

/** Return a text; `{name}` in it stands for a parameter. A component that calls it is drawn anew when the language changes. */
export function t(key: TextKey, parameters: Readonly<Record<string, string | number>> = {}): string {
  return texts[language.value][key].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = parameters[name];
    return value === undefined ? whole : typeof value === "number" ? formatNumber(value) : value;
  });
}

const locale = computed(() => ({ nl: "nl-BE", fr: "fr-BE", en: "en-GB" })[language.value]);
const whole = computed(() => new Intl.NumberFormat(locale.value, { maximumFractionDigits: 0 }));
const two = computed(() => new Intl.NumberFormat(locale.value, { maximumFractionDigits: 2 }));
const share = computed(
  () => new Intl.NumberFormat(locale.value, { style: "percent", maximumFractionDigits: 1 }),
);
const dayFormat = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: "medium" }));

export const formatNumber = (value: number) => whole.value.format(value);
/** A count that may be withheld or unknown. */
export const formatCount = (value: number | null) => (value === null ? "–" : formatNumber(value));
export const formatDecimal = (value: number) => two.value.format(value);
export const formatShare = (value: number) => share.value.format(value);
export const formatDay = (day: string) =>
  dayFormat.value.format(new Date(day.length === 10 ? `${day}T12:00:00` : day));

export const formatTime = (at: string) => new Date(at).toLocaleTimeString(locale.value);

/** Return the name in the page's language, else in any, else nothing. */
export function nameIn(names: Names): string {
  return names[language.value] || names.nl || names.fr || names.de || "";
}
export function buurtName(buurt: Pick<DrawnBuurt, "code" | "names">): string {
  return nameIn(buurt.names) || buurt.code;
}
