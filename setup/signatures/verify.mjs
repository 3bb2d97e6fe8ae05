// Verifies messages on stdin (a JSON list) with the official npm library.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const from = createRequire(join(resolve(process.argv[2]), "package.json"));
const { Webhook } = from("standardwebhooks");
const folder = join(resolve(process.argv[2]), "node_modules", "standardwebhooks");
const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

const verifies = (message, body) => {
  try {
    new Webhook(message.secret).verify(body, message.headers);
    return true;
  } catch {
    return false;
  }
};

let wrong = 0;
for (const message of JSON.parse(readFileSync(0, "utf8"))) {
  const good = verifies(message, message.body);
  const changed = verifies(message, message.body + " ");
  console.log(
    `  ${version} ${message.name}: ${good ? "verified" : "NOT VERIFIED"}, changed body ${changed ? "ACCEPTED" : "refused"}`,
  );
  if (!good || changed) wrong += 1;
}
process.exit(wrong ? 1 : 0);
