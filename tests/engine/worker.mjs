// The workflows the tests run on the real engine. Params: {kind, ...}; each kind is one story.
import { WorkflowEntrypoint } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";

const released = new Set(); // gates the test has opened, by name

async function untilReleased(gate, patience = 120_000) {
  for (const start = Date.now(); !released.has(gate) && Date.now() - start < patience; ) {
    await scheduler.wait(20);
  }
}

class PaymentError extends Error {
  name = "PaymentError";
}

const stories = {
  // Prints its id, step and attempt in most lines, as a text and as an object; some lines say nothing of it.
  async speaking(step, { of }) {
    // Never names itself.
    console.log(`[${of}] begins, says another`);
    for (const name of ["load order", "charge card"])
      await step.do(name, async () => {
        console.log(`id=${of} step=${name} attempt=1 begins, says another`);
        await scheduler.wait(50);
      });
  },
  async printing(step, { id, dies = false }) {
    const say = (name, attempt) => {
      console.log(`id=${id} step=${name} attempt=${attempt} begins`);
      return scheduler.wait(20 + Math.random() * 150).then(() => {
        console.warn({ id, step: name, attempt });
        console.info("without a word of it");
      });
    };
    console.log(`id=${id} step=- attempt=- begins`);
    const retries = { limit: 2, delay: 100, backoff: "constant" };
    for (const name of ["load order", "charge card"]) {
      let attempt = 0;
      await step.do(name, { retries }, async () => {
        attempt += 1;
        await say(name, attempt);
        if (name === "charge card" && attempt < 2) throw new PaymentError("card declined");
      });
    }
    await step.sleep("rest", 300);
    await Promise.all(["mail", "stock"].map((name) => step.do(name, () => say(name, 1))));
    if (dies) {
      await step.do("last", { retries: { limit: 0, delay: 10 } }, async () => {
        console.error(`id=${id} step=last attempt=1 dies`);
        console.info("z".repeat(300_000)); // more than is kept of a line
        throw new PaymentError("card declined for good");
      });
    }
    console.log(`id=${id} step=- attempt=- ends`);
  },
  async quick(step, { order = 7 }) {
    const loaded = await step.do("load order", async () => ({ order, items: 3 }));
    return step.do("ship", async () => ({ shipped: loaded.order }));
  },
  async flaky(step, { failures = 2, delay = 200 }) {
    const retries = { limit: 5, delay, backoff: "linear" };
    return step.do("charge card", { retries }, async (context) => {
      if ((context?.attempt ?? 1) <= failures) throw new PaymentError("card declined: try again");
      return "charged";
    });
  },
  async exhausted(step) {
    await step.do("load order", async () => 1);
    const retries = { limit: 2, delay: 100, backoff: "constant" };
    return step.do("charge card", { retries }, async () => {
      throw new PaymentError("card declined: insufficient funds");
    });
  },
  async anyOf(step, { names }) {
    const once = { retries: { limit: 0, delay: 10 } };
    const failing = (name, at) =>
      step.do(name, once, async () => {
        await scheduler.wait(100 * at);
        throw new PaymentError(`${name} declined`);
      });
    return Promise.any(names.map(failing));
  },
  async rethrown(step) {
    try {
      await step.do("charge card", { retries: { limit: 0, delay: 10 } }, async () => {
        throw new PaymentError("card declined");
      });
    } catch {
      throw new TypeError("payment impossible");
    }
  },
  async wordy(step) {
    await step.do("charge card", { retries: { limit: 0, delay: 10 } }, async () => {
      throw new PaymentError("declined: " + "so it was said, and said again. ".repeat(2000));
    });
  },
  async fatal(step) {
    return step.do("check address", async () => {
      throw new NonRetryableError("no such street");
    });
  },
  async slowRetry(step, { delay = "30 seconds" }) {
    const retries = { limit: 5, delay, backoff: "exponential" };
    return step.do("charge card", { retries }, async () => {
      throw new PaymentError("card declined: insufficient funds");
    });
  },
  async napping(step, { long = "4 seconds" }) {
    return step.do("wrapper", async () => {
      await step.sleep("inner sleep", long);
      return "rested";
    });
  },
  async sleeper(step, { long = "1 hour" }) {
    await step.do("load order", async () => 1);
    await step.sleep("cool down", long);
    return "rested";
  },
  async approval(step, { timeout = "1 day" }) {
    await step.do("ask for approval", async () => "asked");
    const answer = await step.waitForEvent("approval", { type: "approve", timeout });
    return step.do("ship", async () => answer.payload);
  },
  async parallel(step, { gate }) {
    const branch = (name, wait) =>
      step.do(name, async () => {
        await (wait ? untilReleased(wait) : scheduler.wait(50));
        return name;
      });
    return Promise.all([branch("email"), branch("invoice", gate), branch("stock", gate), branch("audit")]);
  },
  async loop(step, { count = 3, pause = 0 }) {
    const pages = [];
    for (let page = 1; page <= count; page++) {
      pages.push(await step.do("load page", async () => ({ page, at: Date.now() })));
      if (pause) await step.sleep("breathe", pause);
    }
    return pages.length;
  },
  async crash() {
    throw new TypeError("orders.map is not a function");
  },
  async thinking(step, { gate }) {
    await step.do("load order", async () => 1);
    await untilReleased(gate); // between steps: nothing is open
    return step.do("ship", async () => "shipped");
  },
  async appointment(step, { from_now = 1500 }) {
    const moment = await step.do("choose a time", async () => Date.now() + from_now);
    await step.sleepUntil("until then", new Date(moment));
    return "there";
  },
  async busy(step, { gate }) {
    await step.do("load order", async () => 1);
    await step.do("crunch numbers", async () => {
      await untilReleased(gate);
      return "crunched";
    });
    return step.do("ship", async () => "shipped");
  },
  async delivery(step, { at, fixed }) {
    const broken = (place) => place === at && !released.has(fixed);
    const work = (name, place) =>
      step.do(name, { retries: { limit: 0, delay: 10 } }, async () => {
        await scheduler.wait(30);
        if (broken(place)) throw new PaymentError(`${name} is broken`);
        return Date.now();
      });
    await work("load order", "first");
    for (const place of ["page 1", "page 2", "page 3"]) await work("load page", place);
    await step.sleep("breathe", 100);
    await work("weigh", "sleep");
    const email = step.do("email", async () => {
      if (broken("branch")) await untilReleased(`${fixed} for those left behind`);
      return Date.now();
    });
    await Promise.all([email, work("invoice", "branch"), work("stock", "never")]);
    if (broken("wait")) await step.waitForEvent("approval", { type: "approve", timeout: 300 });
    return work("hand over", "never");
  },
  async booking(step, { gate }) {
    const undo = { rollback: () => (gate ? untilReleased(gate) : scheduler.wait(30)) };
    await step.do("reserve seat", async () => ({ seat: "12A" }), undo);
    await step.do("charge card", async () => ({ charged: 99 }), undo);
    await step.do("write log", async () => "no way back");
    return step.waitForEvent("confirmation", { type: "confirm", timeout: "1 day" });
  },
};

export class Work extends WorkflowEntrypoint {
  run(event, step) {
    const { kind = "quick", ...rest } = event.payload ?? {};
    return stories[kind](step, rest);
  }
}

export default {
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/release") released.add(url.searchParams.get("gate"));
    return new Response("ok");
  },
};
