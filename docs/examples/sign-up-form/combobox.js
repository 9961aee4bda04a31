// An editable combobox with a list, as the ARIA Authoring Practices describe it: the focus stays in the field, and
// aria-activedescendant says which option the arrow keys are at. Nothing is chosen unless the person chooses it.

const WAIT_MS = 150;
const LEAST_LETTERS = 2;

/**
 * @template Option
 * @param {object} parts
 * @param {HTMLInputElement} parts.input
 * @param {HTMLElement} parts.list
 * @param {(text: string, signal: AbortSignal) => Promise<Option[]>} parts.ask what completes a text; the signal aborts
 *   when a later text makes it useless
 * @param {(option: Option) => string} parts.line how an option is shown
 * @param {(option: Option) => void} parts.choose
 * @param {(number: number) => void} parts.tell how many there are, for a live region
 */
export function combobox({ input, list, ask, line, choose, tell }) {
  let options = [];
  let active = -1;
  let timer;
  let asking = new AbortController();

  function activate(index) {
    active = index;
    for (const [place, item] of [...list.children].entries()) {
      item.setAttribute("aria-selected", String(place === index));
      if (place === index) item.scrollIntoView({ block: "nearest" });
    }
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[index].id);
  }

  function open() {
    list.hidden = options.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
  }

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    activate(-1);
  }

  function forget() {
    clearTimeout(timer);
    asking.abort();
    options = [];
    list.replaceChildren();
    close();
  }

  function take(index) {
    const option = options[index];
    forget();
    choose(option);
  }

  function show(found) {
    options = found;
    list.replaceChildren(
      ...found.map((option, index) => {
        const item = document.createElement("div");
        item.id = `${list.id}-${index}`;
        item.role = "option";
        item.textContent = line(option);
        item.addEventListener("click", () => take(index));
        return item;
      }),
    );
    activate(-1);
    open();
    tell(found.length);
  }

  async function complete() {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const found = await ask(input.value.trim(), signal);
      // An answer to a text that is no longer there, or for a field that was left, is too late.
      if (!signal.aborted && document.activeElement === input) show(found);
    } catch {
      // Without suggestions a whole address can still be typed; what is wrong is said when it is checked.
      if (!signal.aborted) forget();
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    asking.abort();
    if (input.value.trim().length < LEAST_LETTERS) forget();
    else timer = setTimeout(complete, WAIT_MS);
  });

  input.addEventListener("keydown", (event) => {
    // The keys of an input method choose among its own letters.
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp": {
        if (options.length === 0) return;
        event.preventDefault();
        if (event.altKey) {
          if (event.key === "ArrowDown") open();
          else close();
          return;
        }
        const step = event.key === "ArrowDown" ? 1 : -1;
        open();
        // Between the last and the first option lies the field itself.
        const places = options.length + 1;
        activate(((active + 1 + step + places) % places) - 1);
        return;
      }
      case "Enter":
        if (active >= 0) {
          event.preventDefault();
          take(active);
        } else forget();
        return;
      case "Escape":
        if (list.hidden && input.value === "") return;
        event.preventDefault();
        if (!list.hidden) close();
        else {
          input.value = "";
          input.dispatchEvent(new Event("input", { bubbles: true }));
        }
        return;
      case "ArrowLeft":
      case "ArrowRight":
      case "Home":
      case "End":
        activate(-1);
    }
  });

  // Pressing an option must not take the focus from the field, which would close the list before the click.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  input.addEventListener("blur", () => {
    clearTimeout(timer);
    asking.abort();
    close();
  });
}
