// An authenticator that nobody here wrote. It reads addresses as from QR codes, each with a moment and with the code that
// is right then, and says what it understands.
import { readFileSync } from "node:fs";
import { generateSync, verifySync } from "otplib";
import { parse } from "@otplib/uri";

const answers = JSON.parse(readFileSync(0, "utf8")).map(({ uri, now, code }) => {
  const { type, label, params } = parse(uri);
  const { secret, issuer, algorithm, digits, period } = params;
  const at = (epoch) => generateSync({ ...params, epoch });
  const { valid } = verifySync({ ...params, token: code, epoch: now });
  return { type, label, secret, issuer, algorithm, digits, period, code: at(now), next: at(now + 30), valid };
});
process.stdout.write(JSON.stringify(answers));
