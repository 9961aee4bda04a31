import { expect, it } from "vitest";
import { readEvents } from "../src/api/events";

it("reads events wherever the network parts them", async () => {
  const text =
    'event: progress\ndata: {"share": 0.5}\n\nevent: proposals\ndata: {"name": "Één"}\n\nevent: cut';
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 7, bytes.length]) {
    const stream = new ReadableStream<Uint8Array>({
      start(control) {
        for (let at = 0; at < bytes.length; at += size) control.enqueue(bytes.slice(at, at + size));
        control.close();
      },
    });
    const found = [];
    for await (const event of readEvents(stream)) found.push(event);
    expect(found).toEqual([
      { event: "progress", data: '{"share": 0.5}' },
      { event: "proposals", data: '{"name": "Één"}' },
    ]);
  }
});
