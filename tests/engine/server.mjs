// Serves the real Workflows engine on a free loopback port until its standard input ends.
// Arguments: the worker's file, a folder for what it keeps. Prints one line of JSON, {"port": N}, once it answers.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { argv, env, exit, stdin, stdout } from "node:process";

const require = createRequire(`${env.ENGINE_MODULES}/`);
const { Miniflare, convertV4MiniflareOptions } = require("miniflare");
const [worker, kept] = argv.slice(2);

const options = convertV4MiniflareOptions({
  modules: true,
  script: readFileSync(worker, "utf8"),
  compatibilityDate: "2026-10-01",
  workflows: {
    WORK: { name: "work", className: "Work" },
    EMPTY: { name: "never-used", className: "Work" },
  },
  unsafeLocalExplorer: true,
  telemetry: { enabled: false },
  host: "127.0.0.1",
  port: 0,
  cf: false,
  resourcePersistencePath: kept,
  defaultPersistRoot: kept,
});
const engine = new Miniflare(options);
const url = await engine.ready;
stdout.write(`${JSON.stringify({ port: Number(url.port) })}\n`);
stdin.resume();
stdin.on("end", async () => {
  await engine.dispose();
  exit(0);
});
