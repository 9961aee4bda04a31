// Server-sent events of an answer to POST, which the browser's EventSource cannot ask for.

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Read events as the server sends them (HTML standard, section 9.2.6; fields other than these two are passed over). */
export async function* readEvents(stream: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) yield parse(block);
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
}

function parse(block: string): ServerEvent {
  const fields = block.split("\n").map((line) => /^(\w+): ?(.*)$/.exec(line) ?? []);
  const of = (name: string) => fields.filter((field) => field[1] === name).map((field) => field[2]);
  return { event: of("event")[0] ?? "message", data: of("data").join("\n") };
}
