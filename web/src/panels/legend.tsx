// What the colours mean, when they show a number.
import { STEPS } from "../plan/colours";
import { formatNumber, formatShare, t } from "../texts";
import { measure } from "../ui";

export function Legend({ bounds }: { bounds: readonly number[] }) {
  const name = measure.value;
  if (name === "buurten" || bounds.length === 0) return null;
  const show = (value: number) => (name === "adoption" ? formatShare(value) : formatNumber(value));
  const classes = STEPS.slice(0, bounds.length + 1).map((colour, step) => {
    const from = bounds[step - 1];
    const to = bounds[step];
    if (from === undefined) return { colour, text: t("measure.below", { value: show(to as number) }) };
    if (to === undefined) return { colour, text: t("measure.above", { value: show(from) }) };
    return { colour, text: t("measure.between", { from: show(from), to: show(to) }) };
  });
  return (
    <figure class="legend">
      <figcaption>{t(`measure.${name}`)}</figcaption>
      <ul>
        {classes.map(({ colour, text }) => (
          <li key={colour}>
            <Swatch colour={colour} /> {text}
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** A filled square; an attribute, since the Content-Security-Policy allows no inline styles. */
export function Swatch({ colour }: { colour: string | undefined }) {
  return (
    <svg class="swatch" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
      <rect x="0.5" y="0.5" width="13" height="13" rx="3" fill={colour ?? "transparent"} />
    </svg>
  );
}
