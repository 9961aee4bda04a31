// One box for municipalities and addresses, as a combobox (WAI-ARIA Authoring Practices).
import { useEffect, useState } from "preact/hooks";
import { ask, client, type Municipality, Refusal, type Suggestion, Unreachable } from "../api/client";
import { attempt, openMunicipality } from "../opening";
import { language, nameIn, t } from "../texts";
import { announce, municipalities, municipality, planMap, selected } from "../ui";

type Hit =
  | { readonly kind: "municipality"; readonly municipality: Municipality }
  | { readonly kind: "address"; readonly suggestion: Suggestion };

const WAIT_MS = 120;
const MOST_MUNICIPALITIES = 6;

export function SearchBox() {
  const [text, setText] = useState("");
  const [answered, setAnswered] = useState<{ readonly text: string; readonly hits: readonly Hit[] }>();
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const wanted = text.trim();
  const hits = [...matching(wanted), ...(answered?.text === wanted ? answered.hits : [])];

  useEffect(() => {
    setAt(0);
    if (!wanted) return;
    const control = new AbortController();
    const timer = setTimeout(
      () => void suggest(wanted, control.signal).then(setAnswered, ignoreAbort),
      WAIT_MS,
    );
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [wanted]);

  const choose = (hit: Hit | undefined) => {
    if (!hit) return;
    if (hit.kind === "municipality") {
      setText("");
      setOpen(false);
      void attempt(() => openMunicipality(hit.municipality.code));
    } else if (hit.suggestion.kind === "street") {
      setText(`${hit.suggestion.text.replace(/,.*/, "")} `);
    } else {
      setText(hit.suggestion.text);
      setOpen(false);
      void attempt(() => goTo(hit.suggestion));
    }
  };

  const shown = open && wanted !== "";
  return (
    <div class="search">
      <label class="unseen" for="search">
        {t("search.label")}
      </label>
      <input
        id="search"
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        placeholder={municipality.value ? nameIn(municipality.value.names) : t("search.placeholder")}
        maxLength={200}
        value={text}
        aria-expanded={shown}
        aria-controls="search-hits"
        aria-activedescendant={shown && hits[at] ? `hit-${at}` : undefined}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setTimeout(() => setOpen(false), 150)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt(Math.min(at + 1, hits.length - 1));
          else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
          else if (event.key === "Enter") choose(hits[at]);
          else if (event.key === "Escape") setOpen(false);
          else return;
          event.preventDefault();
        }}
      />
      <div id="search-hits" role="listbox" aria-label={t("search.label")} hidden={!shown}>
        {hits.map((hit, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: a listbox is steered from its combobox
          <div
            key={place}
            id={`hit-${place}`}
            role="option"
            aria-selected={place === at}
            tabIndex={-1}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(hit)}
          >
            {hit.kind === "municipality" ? (
              <>
                <b>{nameIn(hit.municipality.names)}</b>
                <small>{t("search.sectors", { count: hit.municipality.sectors })}</small>
              </>
            ) : (
              <>
                {hit.suggestion.text}
                <small>{hit.suggestion.municipality}</small>
              </>
            )}
          </div>
        ))}
        {shown && hits.length === 0 && answered?.text === wanted && (
          <div role="option" aria-selected="false" aria-disabled="true" tabIndex={-1}>
            {t("search.none")}
          </div>
        )}
      </div>
    </div>
  );
}

async function suggest(text: string, signal: AbortSignal): Promise<{ text: string; hits: Hit[] }> {
  const query = { q: text.slice(0, 200), lang: language.peek(), limit: 6 } as const;
  const { data } = await ask(client.GET("/v1/addresses/suggest", { params: { query }, signal }));
  return { text, hits: data.map((suggestion): Hit => ({ kind: "address", suggestion })) };
}

/** A question that was overtaken by more typing has no answer; what the server refuses is no hit either. */
function ignoreAbort(error: unknown): undefined {
  if (error instanceof DOMException || error instanceof Refusal || error instanceof Unreachable)
    return undefined;
  throw error;
}

function matching(wanted: string): Hit[] {
  if (!wanted) return [];
  const plain = fold(wanted);
  const named = municipalities.peek().filter((one) => {
    const names = [one.code, one.names.nl, one.names.fr, one.names.de];
    return names.some((name) => name && fold(name).includes(plain));
  });
  const starts = (one: Municipality) =>
    [one.names.nl, one.names.fr].some((name) => name && fold(name).startsWith(plain));
  named.sort((left, right) => Number(starts(right)) - Number(starts(left)));
  return named.slice(0, MOST_MUNICIPALITIES).map((one): Hit => ({ kind: "municipality", municipality: one }));
}

const fold = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Fly to an address, open its municipality and say in which buurt it is. */
async function goTo(suggestion: Suggestion): Promise<void> {
  const body = {
    street: suggestion.street,
    house_number: suggestion.house_number,
    box: suggestion.box,
    postcode: suggestion.postcode,
    municipality: suggestion.municipality,
    language: language.peek(),
    require_box: false,
    eligibility: false,
  };
  const found = await ask(client.POST("/v1/verifications", { body }));
  const position = found.address?.position;
  if (municipality.peek()?.code !== suggestion.municipality_code)
    await openMunicipality(suggestion.municipality_code);
  if (municipality.peek()?.code !== suggestion.municipality_code) return;
  if (!position || !found.place) {
    announce(t("search.no-position"));
    return;
  }
  const place: [number, number] = [position.lon, position.lat];
  planMap.peek()?.setData("place", {
    type: "FeatureCollection",
    features: [{ type: "Feature", geometry: { type: "Point", coordinates: place }, properties: {} }],
  });
  planMap.peek()?.flyToPlace(place);
  selected.value = found.place.buurt.code;
  const buurt = nameIn(found.place.buurt.names) || found.place.buurt.code;
  announce(t("search.at", { address: suggestion.text, buurt }));
}
