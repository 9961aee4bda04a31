// Where the page begins.
import "./styles/page.css";
import "./styles/print.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { attempt, followAddress, openAddress, takeDroppedFiles } from "./opening";
import { App, loadMap } from "./panels/app";
import { resume, session } from "./session";
import { nameIn, t } from "./texts";
import { municipality } from "./ui";

const open = (signedIn?: Promise<void>) =>
  attempt(() => openAddress(new URLSearchParams(location.search), signedIn));

const signingIn = resume();
if (signingIn) {
  // Who is at the screen, what the address names and the code of the map: none waits for another.
  void open(signingIn);
  void loadMap();
  await signingIn;
}
render(<App />, document.getElementById("app") as HTMLElement);
if (session.peek() === null) {
  const stop = session.subscribe((found) => {
    if (found === null) return;
    stop();
    void open();
  });
}
followAddress();
takeDroppedFiles();
effect(() => {
  const names = municipality.value?.names;
  document.title = [names && nameIn(names), t("app.title")].filter(Boolean).join(" · ");
});
