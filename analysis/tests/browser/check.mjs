// Looks at a report as a reader's browser shows it: at a phone's and a desk's width, light and dark,
// and in print. Fails with what a reader would stumble over.
//
//   node check.mjs REPORT.html [--screenshots FOLDER]
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const [report, flag, folder] = process.argv.slice(2);
const faults = [];

/** What figures and the page do wrong at this width; runs inside the page. */
function look() {
  const found = [];
  const name = (svg) => svg.getAttribute("aria-label");
  const overlap = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1.5 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  for (const svg of document.querySelectorAll("figure svg")) {
    const paper = svg.getBoundingClientRect();
    const words = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
    if (!svg.querySelector("circle, .bar, .cell, .curve, .mark")) found.push(`${name(svg)}: an empty plot`);
    for (const [text, box] of words) {
      if (box.left < paper.left - 1 || box.right > paper.right + 1 || box.bottom > paper.bottom + 1) {
        found.push(`${name(svg)}: ${JSON.stringify(text)} is clipped`);
      }
    }
    words.sort((a, b) => a[1].top - b[1].top);
    for (let i = 0; i < words.length; i += 1) {
      for (let j = i + 1; j < words.length && words[j][1].top < words[i][1].bottom; j += 1) {
        if (overlap(words[i][1], words[j][1])) {
          found.push(`${name(svg)}: ${JSON.stringify(words[i][0])} and ${JSON.stringify(words[j][0])} overlap`);
        }
      }
    }
  }
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    const wide = [...document.querySelectorAll("main *")].find(
      (element) => element.getBoundingClientRect().right > width + 1 && !element.closest(".scroll, pre, svg"),
    );
    found.push(`the page is wider than its window: ${wide ? wide.outerHTML.slice(0, 120) : "?"}`);
  }
  return found;
}

async function open(browser, width, scheme) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) faults.push(`asks for ${request.url()}`);
  });
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(pathToFileURL(resolve(report)).href);
  await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
  return page;
}

async function screenshots(page, name) {
  const tops = await page.evaluate(() => document.documentElement.scrollHeight);
  const step = 2400;
  for (let top = 0, number = 0; top < tops; top += step, number += 1) {
    await page.screenshot({
      path: `${folder}/${name}-${String(number).padStart(3, "0")}.png`,
      clip: { x: 0, y: top, width: page.viewport().width, height: Math.min(step, tops - top) },
      captureBeyondViewport: true,
    });
  }
}

/** What axe looks at: a large page takes minutes, so that what depends on neither is looked at once. */
function rulesFor(width, scheme) {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
  const colours = ["color-contrast", "link-in-text-block"];
  // The colours are the same at every width, and everything else in every scheme.
  if (scheme === "dark") return { runOnly: { type: "rule", values: width > 1000 ? colours : ["document-title"] } };
  const rules = Object.fromEntries(colours.map((colour) => [colour, { enabled: width > 1000 }]));
  return { runOnly: { type: "tag", values: tags }, rules };
}

async function check(browser, width, scheme) {
  const where = `${width} px, ${scheme}`;
  const page = await open(browser, width, scheme);
  for (const fault of await page.evaluate(look)) faults.push(`${where}: ${fault}`);
  if (folder) {
    await page.evaluate(() => document.querySelectorAll("details:not(.chapter)").forEach((fold) => { fold.open = false; }));
    await screenshots(page, `${width}-${scheme}`);
    await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
  }
  await page.addScriptTag({ path: axe });
  const rules = rulesFor(width, scheme);
  const { violations } = await page.evaluate((asked) => axe.run(document, asked), { ...rules, resultTypes: ["violations"] });
  for (const { id, help, nodes } of violations) {
    faults.push(`${where}: axe ${id}: ${help} (${nodes.length} times, first ${nodes[0].html.slice(0, 140)})`);
  }
  await page.close();
}

async function tooltip(browser) {
  const page = await open(browser, 1280, "light");
  const mark = await page.$("svg .mark");
  // A page that is still scrolling hides what it shows.
  await mark.evaluate((element) => element.scrollIntoView({ block: "center", behavior: "instant" }));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await mark.hover();
  const says = await page.$eval("#tip", (tip) => (tip.hidden ? "" : tip.textContent));
  if (!says) faults.push("a mark shows nothing where a pointer rests on it");
  await page.close();
}

async function print(browser) {
  const page = await open(browser, 1280, "dark");
  await page.emulateMediaType("print");
  const ink = await page.evaluate(() => getComputedStyle(document.body).color);
  if (ink !== "rgb(0, 0, 0)") faults.push(`print: text is ${ink}, not black`);
  const pdf = await page.pdf({ format: "A4", timeout: 300_000, ...(folder && { path: `${folder}/print.pdf` }) });
  if (pdf.length < 10_000) faults.push("print: the PDF is empty");
  await page.close();
}

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--hide-scrollbars"],
  protocolTimeout: 600_000,
});
try {
  if (flag === "--screenshots") mkdirSync(folder, { recursive: true });
  for (const width of [390, 1280]) {
    for (const scheme of ["light", "dark"]) await check(browser, width, scheme);
  }
  await tooltip(browser);
  await print(browser);
} finally {
  await browser.close();
}
for (const fault of [...new Set(faults)].slice(0, 60)) console.error(fault);
if (faults.length > 0) {
  console.error(`${faults.length} faults in ${report}`);
  process.exit(1);
}
console.log(`${report}: no faults at 390 and 1280 px, light, dark and in print`);
