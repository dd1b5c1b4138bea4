// The viewer at /docs in a real browser: every operation of the contract is there, the page breaks
// no policy, and nothing asks another host. Run by scripts/test-browser, which gives the address of a
// running server in GONGKAI_URL and the browser in CHROMIUM; SCREENSHOTS names a folder for pictures.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const base = process.env.GONGKAI_URL;
assert.ok(base, "GONGKAI_URL is not set");
const shots = process.env.SCREENSHOTS;

const profile = await mkdtemp(join(tmpdir(), "gongkai-browser-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  viewport: { width: 1200, height: 900 },
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

const complaints = [];
const strangers = [];
const step = (text) => console.log(`docs: ${text}`);

try {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      complaints.push(`${message.type()}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.origin !== base) strangers.push(request.url());
  });
  // What the policy forbids is told to the page, whether or not the console shows it.
  await page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });

  const contract = await (await fetch(`${base}/openapi.json`)).json();
  const documented = Object.values(contract.paths)
    .flatMap((item) => Object.values(item))
    .map((operation) => operation.operationId)
    .sort();

  const opened = await page.goto(`${base}/docs`, { waitUntil: "load" });
  assert.equal(opened.status(), 200);
  await page.waitForSelector(".opblock");
  const count = await page.locator(".opblock").count();
  assert.equal(count, documented.length, "the viewer shows other operations than the contract has");
  const shown = await page
    .locator(".opblock")
    .evaluateAll((blocks) => blocks.map((block) => block.id.replace(/^operations-[^-]+-/, "")));
  assert.deepEqual(shown.sort(), documented);
  step(`${count} operations shown`);
  if (shots) await page.screenshot({ path: join(shots, "docs-list.png") });

  // The first operation of every group unfolds: parameters, body, example and answers.
  const groups = await page.locator(".opblock-tag-section").all();
  assert.equal(groups.length, contract.tags.length, "a group is missing");
  for (const group of groups) {
    const block = group.locator(".opblock").first();
    // As a click, without the wait for a page that stands still: it is being drawn.
    await block.locator(".opblock-summary-control").dispatchEvent("click");
    await block.locator(".responses-wrapper").waitFor();
  }
  step(`an operation of each of the ${groups.length} groups unfolds`);
  const busiest = page.locator('[id$="-receiveCase"]');
  await busiest.locator(".opblock-summary-control").dispatchEvent("click");
  await busiest.locator(".opblock-section-request-body .highlight-code").waitFor();
  await busiest.scrollIntoViewIfNeeded();
  if (shots) await page.screenshot({ path: join(shots, "docs-operation.png") });

  // It can be tried out from here.
  const me = page.locator('[id$="-getLiveness"]');
  if (!(await me.locator(".responses-wrapper").isVisible())) {
    await me.locator(".opblock-summary-control").dispatchEvent("click");
  }
  await me.getByRole("button", { name: "Try it out" }).click();
  await me.getByRole("button", { name: "Execute" }).click();
  await me.locator(".live-responses-table .response-col_status", { hasText: "200" }).waitFor();
  step("an operation can be tried out");
  if (shots) await me.screenshot({ path: join(shots, "docs-try.png") });

  const violations = await page.evaluate(() => globalThis.violations);
  assert.deepEqual(violations, [], "the page breaks its own policy");
  assert.deepEqual(complaints, [], "the console complains");
  assert.deepEqual(strangers, [], "the page asks other hosts");
  step("no complaint of the console, no breach of the policy, no request to another host");
} finally {
  await browser.close();
  await rm(profile, { recursive: true, force: true });
}
