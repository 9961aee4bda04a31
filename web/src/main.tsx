// Where the page begins.
import "maplibre-gl/dist/maplibre-gl.css";
import "./styles/page.css";
import "./styles/print.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { followAddress, takeDroppedFiles } from "./opening";
import { App } from "./panels/app";
import { resume } from "./session";
import { nameIn, t } from "./texts";
import { municipality } from "./ui";

await resume();
render(<App />, document.getElementById("app") as HTMLElement);
followAddress();
takeDroppedFiles();
effect(() => {
  const names = municipality.value?.names;
  document.title = [names && nameIn(names), t("app.title")].filter(Boolean).join(" · ");
});
