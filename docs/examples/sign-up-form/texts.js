// The form's own words, in Dutch, French and English. Reasons come from the API, in the language that it is asked in.

const TEXTS = {
  nl: {
    title: "Word lid van je buurt",
    intro: "Met je adres zoeken we je buurt. Je huisnummer tonen we nooit aan je buren.",
    line: "Straat en gemeente",
    "line-hint": "Bijvoorbeeld Kerkstraat, 9993 Demodorp",
    house_number: "Huisnummer",
    box: "Bus (als er een is)",
    check: "Zoek mijn buurt",
    email: "E-mailadres",
    join: "Ga verder",
    suggestions: "Adressen",
    "suggestions-none": "Geen suggesties.",
    "suggestions-one": "1 suggestie. Kies met de pijltjestoetsen.",
    "suggestions-many": "{number} suggesties. Kies met de pijltjestoetsen.",
    filled: "Ingevuld: {line}",
    looking: "We zoeken je adres op…",
    "line-missing": "Vul je straat en gemeente in.",
    "email-wrong": "Vul een e-mailadres in, zoals ann@example.org.",
    "confirm-title": "Is dit je adres?",
    "choose-title": "Welk adres bedoel je?",
    yes: "Ja: {line}",
    no: "Nee, ik pas het aan",
    found: "We hebben je adres gevonden",
    welcome: "Je kunt lid worden van {buurt}",
    "welcome-anywhere": "Je kunt lid worden",
    refused: "Lid worden kan nu niet",
    "your-address": "Je adres: {line}",
    "your-buurt": "Je buurt: {buurt}",
    proofs: "Je toont nog dat je er woont. Een van deze dingen volstaat:",
    buurtcode: "de code uit de brief in je brievenbus",
    mobile: "een bevestigd mobiel nummer",
    document: "een document met je naam en adres",
    neighbour: "een buur die al lid is en je kent",
    offline: "Je bent offline. Wat je invulde blijft staan: probeer opnieuw zodra je verbinding hebt.",
    unreachable:
      "We bereiken de adressendienst niet. Wat je invulde blijft staan: probeer het straks opnieuw.",
    busy: "Het is even te druk. Probeer opnieuw over {seconds} seconden.",
    away: "De adressendienst is even onderbroken. Wat je invulde blijft staan: probeer het straks opnieuw.",
    broken: "Er loopt iets mis bij ons. Probeer het later opnieuw.",
    reference: "Referentie: {reference}",
  },
  fr: {
    title: "Rejoignez votre quartier",
    intro: "Votre adresse nous donne votre quartier. Vos voisins ne voient jamais votre numéro.",
    line: "Rue et commune",
    "line-hint": "Par exemple Rue de l'Église, 9995 Ville-Démo",
    house_number: "Numéro",
    box: "Boîte (facultatif)",
    check: "Trouver mon quartier",
    email: "Adresse e-mail",
    join: "Continuer",
    suggestions: "Adresses",
    "suggestions-none": "Aucune suggestion.",
    "suggestions-one": "1 suggestion. Choisissez avec les flèches.",
    "suggestions-many": "{number} suggestions. Choisissez avec les flèches.",
    filled: "Rempli : {line}",
    looking: "Nous cherchons votre adresse…",
    "line-missing": "Indiquez votre rue et votre commune.",
    "email-wrong": "Indiquez une adresse e-mail, comme ann@example.org.",
    "confirm-title": "Est-ce votre adresse ?",
    "choose-title": "Quelle adresse voulez-vous dire ?",
    yes: "Oui : {line}",
    no: "Non, je corrige",
    found: "Nous avons trouvé votre adresse",
    welcome: "Vous pouvez rejoindre {buurt}",
    "welcome-anywhere": "Vous pouvez vous inscrire",
    refused: "L'inscription n'est pas possible pour le moment",
    "your-address": "Votre adresse : {line}",
    "your-buurt": "Votre quartier : {buurt}",
    proofs: "Il reste à montrer que vous y habitez. Une de ces preuves suffit :",
    buurtcode: "le code de la lettre dans votre boîte aux lettres",
    mobile: "un numéro de mobile confirmé",
    document: "un document avec votre nom et votre adresse",
    neighbour: "un voisin déjà membre qui vous connaît",
    offline: "Vous êtes hors ligne. Votre saisie est gardée : réessayez une fois connecté.",
    unreachable: "Le service d'adresses est injoignable. Votre saisie est gardée : réessayez plus tard.",
    busy: "Il y a trop de monde. Réessayez dans {seconds} secondes.",
    away: "Le service d'adresses est interrompu. Votre saisie est gardée : réessayez plus tard.",
    broken: "Un problème est survenu de notre côté. Réessayez plus tard.",
    reference: "Référence : {reference}",
  },
  en: {
    title: "Join your neighbourhood",
    intro: "Your address tells us your neighbourhood. We never show your house number to your neighbours.",
    line: "Street and municipality",
    "line-hint": "For example Kerkstraat, 9993 Demodorp",
    house_number: "House number",
    box: "Box (if any)",
    check: "Find my neighbourhood",
    email: "E-mail address",
    join: "Continue",
    suggestions: "Addresses",
    "suggestions-none": "No suggestions.",
    "suggestions-one": "1 suggestion. Choose with the arrow keys.",
    "suggestions-many": "{number} suggestions. Choose with the arrow keys.",
    filled: "Filled in: {line}",
    looking: "Looking up your address…",
    "line-missing": "Fill in your street and municipality.",
    "email-wrong": "Fill in an e-mail address, such as ann@example.org.",
    "confirm-title": "Is this your address?",
    "choose-title": "Which address do you mean?",
    yes: "Yes: {line}",
    no: "No, I will change it",
    found: "We found your address",
    welcome: "You can join {buurt}",
    "welcome-anywhere": "You can join",
    refused: "You cannot join at present",
    "your-address": "Your address: {line}",
    "your-buurt": "Your neighbourhood: {buurt}",
    proofs: "What is left is to show that you live there. One of these will do:",
    buurtcode: "the code from the letter in your letter box",
    mobile: "a confirmed mobile number",
    document: "a document with your name and address",
    neighbour: "a neighbour who is a member and knows you",
    offline: "You are offline. What you filled in stays: try again once you are connected.",
    unreachable: "We cannot reach the address service. What you filled in stays: try again later.",
    busy: "Too many people are asking. Try again in {seconds} seconds.",
    away: "The address service is interrupted. What you filled in stays: try again later.",
    broken: "Something went wrong on our side. Try again later.",
    reference: "Reference: {reference}",
  },
};

const asked = new URLSearchParams(location.search).get("lang") ?? "";
/** The language of the page: that of `?lang=`, else the first of the browser's that there is. */
export const language =
  [asked, ...navigator.languages.map((one) => one.slice(0, 2))].find((one) => one in TEXTS) ?? "nl";

/**
 * Say something in the page's language.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values] what stands for the words in braces
 */
export function say(key, values = {}) {
  return (TEXTS[language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Put the page into its language. */
export function translate() {
  document.documentElement.lang = language;
  document.title = say("title");
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = say(element.dataset.text);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.ariaLabel = say(element.dataset.label);
  }
  document.querySelector(`nav a[lang="${language}"]`)?.setAttribute("aria-current", "page");
}
