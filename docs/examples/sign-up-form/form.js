// The sign-up form: an address is completed, verified, confirmed or corrected, and goes to the site's own server.
// Whatever comes from the API is written as text, never as HTML.

import { suggest, Trouble, verify } from "./api.js";
import { combobox } from "./combobox.js";
import { language, say, translate } from "./texts.js";

/** @param {string} id */
const part = (id) => document.getElementById(id);
const form = document.querySelector("form");
const fields = {
  line: part("line"),
  house_number: part("house_number"),
  box: part("box"),
  email: part("email"),
};
const addressFields = [fields.line, fields.house_number, fields.box];
/** The field that a reason of the API is about. */
const FIELD_OF = {
  street: "line",
  postcode: "line",
  municipality: "line",
  house_number: "house_number",
  box: "box",
};

/** Gives up the question that is under way. */
let asking = new AbortController();
/** When the API, which had too much to do, may be asked again. */
let notBefore = 0;

/** @param {string} text */
const announce = (text) => {
  part("status").textContent = text;
};

/** @param {string} tag @param {string} text */
function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

/** @param {string[]} texts */
function list(texts) {
  const made = document.createElement("ul");
  made.append(...texts.map((text) => element("li", text)));
  return made;
}

/** What a reason or a rule says to the person, in the language that the API was asked in. */
const textOf = ({ text }) => text;

/** A name in the page's language, else in one that the register has. @param {Record<string, string | null>} names */
const named = (names) => names[language] ?? names.nl ?? names.fr ?? names.de ?? "";

// ---- Fields

/** @param {string} name @param {string[]} texts what is wrong with a field; nothing takes it back */
function blame(name, texts) {
  const input = fields[name];
  const error = part(`${name}-error`);
  error.textContent = texts.join(" ");
  error.hidden = texts.length === 0;
  if (texts.length) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  const hint = document.getElementById(`${name}-hint`) ? `${name}-hint` : "";
  input.setAttribute("aria-describedby", `${texts.length ? error.id : ""} ${hint}`.trim());
}

/** What was found is about what was asked: a change of that makes it void, and an answer on its way too. */
function begin() {
  asking.abort();
  for (const name of Object.keys(fields)) blame(name, []);
  part("trouble").textContent = "";
  part("answer").hidden = true;
  part("joining").hidden = true;
  part("check").hidden = false;
  part("check").type = "submit";
  part("address_id").value = "";
}

/** Write an address into the fields. @param {Record<string, string | null>} address */
function fill({ street, postcode, municipality, house_number, box }) {
  fields.line.value = `${street}, ${[postcode, municipality].filter(Boolean).join(" ")}`;
  fields.house_number.value = house_number ?? "";
  fields.box.value = box ?? "";
}

/** @param {any} address of the register */
const inFields = (address) => ({
  ...address,
  street: named(address.street),
  municipality: named(address.municipality.names),
});

// ---- Answers

/** @param {string} outcome @param {string} title @param {HTMLElement[]} body */
function answer(outcome, title, body) {
  part("answer").hidden = false;
  part("answer").dataset.outcome = outcome;
  part("answer-title").textContent = title;
  part("answer-body").replaceChildren(...body);
  part("answer-title").focus();
}

/**
 * Offer addresses to choose from.
 *
 * @param {[string, () => void][]} offered what the buttons say and do
 */
function choices(offered) {
  const made = list([]);
  made.className = "choices";
  for (const [text, choose] of offered) {
    const button = element("button", text);
    button.type = "button";
    button.className = "choice";
    button.addEventListener("click", choose);
    const item = document.createElement("li");
    item.append(button);
    made.append(item);
  }
  return made;
}

/** The addresses that may be meant, and the way back to the fields. @param {any[]} addresses */
function alternatives(addresses) {
  return [
    ...addresses.map((address) => [
      address.formatted,
      () => {
        fill(inFields(address));
        part("check").focus();
        check();
      },
    ]),
    [
      say("no"),
      () => {
        begin();
        fields.line.focus();
      },
    ],
  ];
}

/** The address is certain: who may join there, and what is still to be shown. @param {any} found */
function settle(found) {
  begin();
  fill(inFields(found.address));
  const { eligibility } = found;
  const buurt = found.place ? named(found.place.buurt.names) : "";
  const body = [element("p", say("your-address", { line: found.address.formatted }))];
  if (eligibility?.verdict === "not_eligible") {
    const failed = eligibility.rules.filter((rule) => rule.outcome === "fail");
    body.push(list(failed.map(textOf)));
    answer("refused", say("refused"), body);
    return;
  }
  if (eligibility?.verdict === "needs_proof") {
    body.push(element("p", say("proofs")), list(eligibility.proofs.map((proof) => say(proof))));
  }
  if (!eligibility && buurt) body.push(element("p", say("your-buurt", { buurt })));
  if (!buurt) body.push(list(found.reasons.map(textOf)));
  part("address_id").value = found.address.address_id ?? "";
  // The form has one button at a time that Enter presses.
  part("check").hidden = true;
  part("check").type = "button";
  part("joining").hidden = false;
  const welcome = buurt ? say("welcome", { buurt }) : say("welcome-anywhere");
  answer("found", eligibility ? welcome : say("found"), body);
}

/** Something was corrected: the person says whether rightly. @param {any} found */
function confirm(found) {
  const reasons = list(found.reasons.map(textOf));
  const yes = [say("yes", { line: found.address.formatted }), () => settle(found)];
  answer("asked", say("confirm-title"), [reasons, choices([yes, ...alternatives(found.alternatives)])]);
}

/** Something is missing or does not exist: said at its field, with what may be meant. @param {any} found */
function correct(found) {
  const wrong = {};
  for (const { field, text } of found.reasons) {
    const name = FIELD_OF[field] ?? "line";
    wrong[name] = [...(wrong[name] ?? []), text];
  }
  for (const [name, texts] of Object.entries(wrong)) blame(name, texts);
  if (found.alternatives.length) {
    answer("asked", say("choose-title"), [choices(alternatives(found.alternatives))]);
  } else {
    (addressFields.find((field) => field.ariaInvalid === "true") ?? fields.line).focus();
  }
}

/** @param {Trouble} trouble */
function tell({ kind, seconds, reference }) {
  if (kind === "busy") notBefore = Date.now() + seconds * 1000;
  const away = kind === "unreachable" && !navigator.onLine ? "offline" : kind;
  const told = [say(away, { seconds })];
  if (kind === "broken" && reference) told.push(say("reference", { reference }));
  part("trouble").textContent = told.join(" ");
}

// ---- What the person does

async function check() {
  begin();
  const left = Math.ceil((notBefore - Date.now()) / 1000);
  if (left > 0) return tell(new Trouble("busy", left));
  if (!fields.line.value.trim()) {
    blame("line", [say("line-missing")]);
    fields.line.focus();
    return;
  }
  const question = { language };
  for (const { name, value } of addressFields) if (value.trim()) question[name] = value.trim();
  asking = new AbortController();
  const { signal } = asking;
  announce(say("looking"));
  let found;
  try {
    found = await verify(question, signal);
  } catch (error) {
    if (signal.aborted) return;
    announce("");
    if (!(error instanceof Trouble)) throw error;
    tell(error);
    return;
  }
  announce("");
  ({ accept: settle, confirm, fix: correct })[found.verdict](found);
}

translate();
part("language").value = language;

combobox({
  input: fields.line,
  list: part("suggestions"),
  ask: (text, signal) => suggest(text, language, signal),
  line: (option) => option.text,
  choose: (option) => {
    begin();
    fill(option);
    announce(say("filled", { line: option.text }));
    if (option.kind === "street") fields.house_number.focus();
    else part("check").focus();
  },
  tell: (number) => {
    const key = number === 0 ? "suggestions-none" : number === 1 ? "suggestions-one" : "suggestions-many";
    announce(say(key, { number }));
  },
});

for (const field of addressFields) field.addEventListener("input", begin);
fields.email.addEventListener("input", () => blame("email", []));
window.addEventListener("online", () => {
  part("trouble").textContent = "";
});

form.addEventListener("submit", (event) => {
  const joining = !part("joining").hidden;
  if (joining && fields.email.validity.valid) return;
  event.preventDefault();
  if (joining) {
    blame("email", [say("email-wrong")]);
    fields.email.focus();
  } else check();
});
