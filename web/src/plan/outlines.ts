// What a map needs of a plan's shapes beside the shapes themselves.
import type { BlockFeature } from "./borders";
import type { Outlines } from "./outlines.worker";
import OutlinesWorker from "./outlines.worker?worker";

export type { Outlines } from "./outlines.worker";

const worker = new OutlinesWorker();
const waiting: ((found: Outlines) => void)[] = [];
// A worker answers in the order in which it was asked.
worker.onmessage = (event: MessageEvent<Outlines>) => waiting.shift()?.(event.data);

export function findOutlines(blocks: readonly BlockFeature[]): Promise<Outlines> {
  worker.postMessage(blocks);
  return new Promise((resolve) => waiting.push(resolve));
}
