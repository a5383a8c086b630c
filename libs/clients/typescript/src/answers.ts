import { NoAnswer, Problem, TriviumError, UnexpectedAnswer } from "./errors.js";

/** What a call of openapi-fetch returns. */
export interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

export interface Taken<A extends Answer> {
  /** The body; undefined if the answer has none. */
  data: Exclude<A["data"], undefined>;
  /** The version of a single resource, for `If-Match`; undefined for lists. */
  etag: string | undefined;
}

/**
 * The data of a successful answer: `const { data: post, etag } = await take(trivium.GET("/posts/{post_id}", …))`.
 * @throws {Problem} the API has refused the request, or has failed
 * @throws {NoAnswer} the server could not be reached, or not in time
 */
export async function take<A extends Answer>(call: Promise<A>): Promise<Taken<A>> {
  const { data, error, response } = await call.catch((failure: unknown) => {
    throw failure instanceof SyntaxError ? new UnexpectedAnswer(failure.message) : failure;
  });
  if (!response.ok) throw new Problem(response, error);
  return { data: data as Exclude<A["data"], undefined>, etag: response.headers.get("ETag") ?? undefined };
}

interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/**
 * All items of a list, page by page:
 * `for await (const post of iterate((next) => trivium.GET("/posts", { params: { query: { tag: "rust", ...next } } }))) …`
 */
export async function* iterate<Item>(
  call: (next: { cursor?: string }) => Promise<{ data?: Page<Item>; error?: unknown; response: Response }>,
): AsyncGenerator<Item, void, undefined> {
  let next: { cursor?: string } = {};
  for (;;) {
    const { data } = await take(call(next));
    yield* data.items;
    if (data.next_cursor === null) return;
    next = { cursor: data.next_cursor };
  }
}
