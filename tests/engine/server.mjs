// Serves the real Workflows engine on a free loopback port until its standard input ends.
// Arguments: the worker's file, a folder for what it keeps. Prints one line of JSON, {"port": N}, once it answers, and
// again after each line that it is given: it then serves the worker anew, as a dev session does when it is saved.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { argv, env, exit, stdin, stdout } from "node:process";

const require = createRequire(`${env.ENGINE_MODULES}/`);
const { Miniflare, convertV4MiniflareOptions } = require("miniflare");
const [worker, kept] = argv.slice(2);

const options = (port, saved) => convertV4MiniflareOptions({
  modules: true,
  script: `${readFileSync(worker, "utf8")}\n// saved ${saved} times`,
  compatibilityDate: "2026-10-01",
  workflows: {
    WORK: { name: "work", className: "Work" },
    EMPTY: { name: "never-used", className: "Work" },
  },
  unsafeLocalExplorer: true,
  unsafeObservability: env.ENGINE_LOGS === "yes",
  telemetry: { enabled: false },
  host: "127.0.0.1",
  port,
  cf: false,
  resourcePersistencePath: kept,
  defaultPersistRoot: kept,
});
const engine = new Miniflare(options(0, 0));
const port = Number((await engine.ready).port);
const ready = () => stdout.write(`${JSON.stringify({ port })}\n`);
ready();
let saved = 0;
stdin.on("data", async () => {
  saved += 1;
  await engine.setOptions(options(port, saved));
  ready();
});
stdin.on("end", async () => {
  await engine.dispose();
  exit(0);
});
