// The parts of the stories that are the same for all clients: who and where, and what is told to the test.
export const url = process.env["TRIVIUM_URL"]!;
export const person = {
  email: `${crypto.randomUUID()}@example.com`,
  password: "seven brave tin spoons",
  name: "Ada",
};
export const draft = { title: "First light", body: "It was a clear night.", tags: ["astronomy"] };

/** The largest id, which no post has. */
export const nobodys = Number.MAX_SAFE_INTEGER;

/** What a client may answer where the story needs an answer. */
export function have<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`no ${what}`);
  return value;
}

export function tell(facts: {
  account_id: number;
  post_id: number;
  title: string;
  stale: string;
  listed: boolean;
  complete: boolean;
  problem: string;
}): void {
  console.log(JSON.stringify(facts));
}
