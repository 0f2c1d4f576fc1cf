// Checks pages: the HTML validator, then axe in a browser, light and dark, on a
// wide and a narrow screen. A page must also fit a narrow screen, ask for
// nothing from outside, stay below five megabytes, sort its tables, and print whole.
//
//   node check.mjs PAGE.html ...
//
// Exit code 1 when a page has an HTML error, a serious or critical finding of
// axe, or one of the others above. Chromium is found by the variable CHROMIUM,
// or as Debian names it.
import { createRequire } from "node:module";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { FileSystemConfigLoader, HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const LARGEST_BYTES = 5_000_000;
const FAILS = ["serious", "critical"];
const WIDTHS = [1400, 400];
const SCHEMES = ["light", "dark"];

// The standard's rules; not those of taste, such as how a tag is closed.
const RULES = { extends: ["html-validate:standard", "html-validate:document", "html-validate:a11y"] };
const OPTIONS = {
  root: true,
  ...RULES,
  rules: {
    // Style is inside on purpose: the page asks for nothing.
    "no-inline-style": "off",
    // Figures of a table cell are glued to their unit, and titles say why a figure is missing.
    "tel-non-breaking": "off",
    "long-title": "off",
    "no-trailing-whitespace": "off",
    "attribute-boolean-style": "off",
    "attribute-empty-style": "off",
    "void-style": "off",
    "doctype-style": "off",
    "no-implicit-button-type": "off",
  },
};

const pages = process.argv.slice(2);
if (pages.length === 0) {
  console.error("usage: node check.mjs PAGE.html ...");
  process.exit(2);
}

let failures = 0;
const fail = (page, what) => {
  failures += 1;
  console.log(`FAILED ${page}: ${what}`);
};

async function validate(path) {
  const validator = new HtmlValidate(new FileSystemConfigLoader(OPTIONS));
  const report = await validator.validateFile(path);
  for (const result of report.results) {
    for (const message of result.messages.filter((message) => message.severity === 2)) {
      fail(path, `line ${message.line}, column ${message.column}: ${message.message} (${message.ruleId})`);
    }
  }
}

async function look(browser, path, width, colorScheme) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme,
    // axe is put into the page; the page's own policy forbids all but one.
    bypassCSP: true,
  });
  const page = await context.newPage();
  const at = `${path}, ${width} px, ${colorScheme}`;
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) fail(at, `asks for ${request.url()}`);
  });
  page.on("pageerror", (error) => fail(at, error.message));
  await page.goto(pathToFileURL(resolve(path)).href);
  // What is folded is looked at too.
  await page.evaluate(() => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > width) fail(at, `is ${wide} px wide: a reader has to scroll sideways`);
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  let minor = 0;
  for (const finding of result.violations) {
    if (!FAILS.includes(finding.impact)) {
      minor += 1;
      console.log(`note ${at}: ${finding.id}, ${finding.impact}, ${finding.nodes.length} places`);
      continue;
    }
    for (const node of finding.nodes.slice(0, 5)) {
      fail(at, `${finding.id} (${finding.impact}): ${node.target.join(" ")}: ${node.failureSummary.replaceAll("\n", " ")}`);
    }
    if (finding.nodes.length > 5) fail(at, `${finding.id}: ${finding.nodes.length - 5} places more`);
  }
  if (process.env.SCREENSHOTS) {
    const name = `${basename(path, ".html")}-${width}-${colorScheme}.png`;
    writeFileSync(resolve(process.env.SCREENSHOTS, name), await page.screenshot({ fullPage: true }));
  }
  await context.close();
  return minor;
}

// Presses the head of every column of a page as it is, its policy in force: rows
// must go by numbers, and come back as they were.
async function sort(browser, path) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => fail(path, error.message));
  page.on("console", (message) => {
    if (message.type() === "error") fail(path, message.text());
  });
  await page.goto(pathToFileURL(resolve(path)).href);
  const wrong = await page.evaluate(() => {
    const wrong = [];
    const number = (cell) => Number.parseFloat((cell.querySelector(".figure") ?? cell).textContent.replace("\u2212", "-"));
    for (const table of document.querySelectorAll("main table")) {
      const bodies = [...table.tBodies];
      const before = table.innerHTML;
      for (const button of table.querySelectorAll(".sort")) {
        const name = `${table.caption?.textContent.slice(0, 60)}, ${button.textContent}`;
        button.click();
        if (button.parentElement.getAttribute("aria-sort") !== "ascending") wrong.push(`${name}: is not sorted`);
        const at = [...button.closest("tr").cells].indexOf(button.parentElement);
        for (const rows of bodies.map((body) => [...body.rows].filter((row) => !row.matches(".total")))) {
          // Of heads over two rows the place in their row is not the column.
          if (table.tHead.rows.length > 1) break;
          const found = rows.map((row) => number(row.cells[at])).filter((value) => !Number.isNaN(value));
          if (found.length === rows.length && found.some((value, place) => place > 0 && value < found[place - 1])) {
            wrong.push(`${name}: ${found.join(", ")}`);
          }
        }
        button.click();
        button.click();
      }
      if (table.innerHTML !== before) wrong.push(`${table.caption?.textContent.slice(0, 60)}: rows do not come back`);
    }
    return wrong;
  });
  wrong.forEach((what) => fail(path, what));
  await page.close();
}

// On paper nothing is folded up, and the heads of tables are no buttons: Chromium
// repeats no head on the next page that has one. On a desktop no table goes on
// beyond its edge without showing it.
async function print(browser, path) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.goto(pathToFileURL(resolve(path)).href);
  // Edges are shaded after the first layout.
  await page.waitForTimeout(100);
  const hidden = await page.evaluate(() =>
    [...document.querySelectorAll(".wide")]
      .filter((wide) => wide.scrollWidth > wide.clientWidth + 1 && !wide.classList.contains("more-right"))
      .map((wide) => `${wide.ariaLabel} goes on beyond its edge, and nothing shows it`));
  await page.emulateMedia({ media: "print" });
  const lost = await page.evaluate(() => {
    const lost = [];
    for (const part of document.querySelectorAll("details")) {
      if (part.lastElementChild.getBoundingClientRect().height === 0) lost.push(`${part.textContent.slice(0, 60)}: is not printed`);
    }
    for (const button of document.querySelectorAll(".sort")) {
      if (getComputedStyle(button).display !== "contents") lost.push(`${button.textContent}: is a button on paper`);
      if (button.querySelector(".mark").getClientRects().length > 0) lost.push(`${button.textContent}: its mark is printed`);
    }
    return lost;
  });
  [...hidden, ...lost].forEach((what) => fail(path, what));
  await page.close();
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
for (const path of pages) {
  const before = failures;
  if (statSync(path).size > LARGEST_BYTES) fail(path, `has ${statSync(path).size} bytes`);
  await validate(path);
  await sort(browser, path);
  await print(browser, path);
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) await look(browser, path, width, scheme);
  }
  if (failures === before) console.log(`ok ${path}`);
}
await browser.close();
process.exit(failures > 0 ? 1 : 0);
