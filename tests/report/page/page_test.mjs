// report.html in headless Chromium: loads offline, asks nobody for anything, answers pointer and
// keyboard, prints, and bears a thousand configurations. run.sh calls it.
import assert from 'node:assert/strict';
import {spawn, execFileSync} from 'node:child_process';
import {statSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const [program, modules, browserPath, out] = process.argv.slice(2).map((word, i) => i === 2 ? word : path.resolve(word));
const {chromium} = createRequire(path.join(modules, 'x.js'))('playwright-core');
const browser = await chromium.launch({executablePath: browserPath, args: ['--no-sandbox']});
const pages = Object.fromEntries(['small', 'thousand'].map((name) => {
  const file = path.join(out, `${name}.html`);
  execFileSync(program, [name, file]);
  return [name, file];
}));

// A page that fails the test where it complains or asks for anything but itself.
const drawAll = (page) => page.evaluate(() => dispatchEvent(new Event('beforeprint')));
async function open(url, {lazy, ...options} = {}) {
  const context = await browser.newContext({viewport: {width: 1200, height: lazy ? 900 : 9000}, ...options});
  const page = await context.newPage(), complaints = [], requests = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  // What is not on the screen is drawn when it comes there, or goes to the printer.
  if (options.javaScriptEnabled !== false && !lazy) await drawAll(page);
  return {page, complaints, requests, close: () => context.close()};
}
const fileOf = (name) => pathToFileURL(pages[name]).href;
const shot = (page, name, options = {}) => page.screenshot({path: path.join(out, `${name}.png`), fullPage: true, ...options});
const rows = (page) => page.locator('#results tbody tr:not(.seed)');
const column = (page, n) => page.locator(`#results tbody tr:not(.seed) td:nth-child(${n})`).allTextContents();

const tests = {
  async 'loads offline, without complaints and requests'() {
    const {page, complaints, requests, close} = await open(fileOf('small'), {offline: true});
    assert.equal(await rows(page).count(), 60);
    assert.equal(await page.locator('#tradeoff .series .mark').count(), 60);
    assert.equal(await page.locator('#tradeoff .series .whisker').count(), 60);
    for (const id of ['curves', 'layers', 'stability', 'cost', 'conditions']) assert.ok(await page.locator(`#${id}`).isVisible(), id);
    assert.deepEqual(complaints, []);
    assert.deepEqual(requests, [fileOf('small')]);
    await close();
  },

  async 'hovering a point tells configuration, seeds and values'() {
    const {page, complaints, close} = await open(fileOf('small'));
    await page.locator('#tradeoff .series').first().locator('.mark').first().hover({force: true});
    const tip = await page.locator('#tradeoff .tip').textContent();
    for (const part of ['top1 %', '±', 'from', 'prune.allocation =', 'retrain.schedule =', 'seed 1:', '3:']) assert.ok(tip.includes(part), `${part} in ${tip}`);
    await page.locator('#tradeoff').screenshot({path: path.join(out, 'hover.png')});
    assert.deepEqual(complaints, []);
    await close();
  },

  async 'a click on a legend entry isolates its lines, another shows all'() {
    const {page, close} = await open(fileOf('small'));
    const entry = page.locator('#tradeoff .legend button').nth(1), dim = page.locator('#tradeoff .dim');
    assert.equal(await dim.count(), 0);
    await entry.click();
    assert.equal(await entry.getAttribute('aria-pressed'), 'true');
    assert.equal(await dim.count(), 10);
    assert.equal(await page.locator('#tradeoff .series:not(.dim)').count(), 5);
    await page.locator('#tradeoff').screenshot({path: path.join(out, 'isolated.png')});
    await entry.click();
    assert.equal(await dim.count(), 0);
    await close();
  },

  async 'the plot is over what one chooses, coloured by what one chooses'() {
    const {page, complaints, close} = await open(fileOf('small'));
    for (const x of ['theoretical_speedup', 'retrain_epochs', 'epochs', 'seconds', 'time_ratio', 'sparsity']) {
      await page.locator('[data-id=x]').focus();
      await page.locator('[data-id=x]').selectOption(x);
      assert.equal(await page.evaluate(() => document.activeElement.dataset.id), 'x', 'the focus stays');
      assert.ok(await page.locator('#tradeoff .mark').count() >= 60, x);
    }
    await page.locator('[data-id=colour]').selectOption('prune.allocation');
    assert.equal(await page.locator('#tradeoff .legend button').count(), 5);
    await page.locator('[data-id=stable]').selectOption('increase');
    assert.deepEqual(complaints, []);
    await close();
  },

  async 'the table sorts by its heads, numbers by size'() {
    const {page, close} = await open(fileOf('small'));
    const head = page.locator('#results th:has(button:text-is("top1 %"))');
    const at = 1 + await head.evaluate((node) => node.cellIndex);
    const values = async () => (await column(page, at)).map(parseFloat);
    await head.locator('button').click();
    assert.equal(await head.getAttribute('aria-sort'), 'descending');
    assert.deepEqual(await values(), (await values()).sort((a, b) => b - a));
    await page.keyboard.press('Enter');  // the focus is still there
    assert.equal(await head.getAttribute('aria-sort'), 'ascending');
    assert.deepEqual(await values(), (await values()).sort((a, b) => a - b));
    await close();
  },

  async 'filters leave what fits, everywhere'() {
    const {page, close} = await open(fileOf('small'));
    await page.locator('[data-id="where-retrain.schedule"]').selectOption('slr');
    assert.equal(await rows(page).count(), 20);
    assert.equal(await page.locator('#tradeoff .series .mark').count(), 20);
    await page.locator('[data-id=words]').fill('uniform+ 0.98');
    await page.waitForFunction(() => document.querySelectorAll('#results tbody tr').length === 1);
    assert.equal(await page.locator('#count').textContent(), '1 of 60 shown');
    await close();
  },

  async 'rows open to their seeds, boxes choose curves'() {
    const {page, close} = await open(fileOf('small'));
    await page.locator('#results .more').first().click();
    assert.equal(await page.locator('#results .seed').count(), 3);
    assert.match(await page.locator('#results .seed').first().textContent(), /seed 1 · [0-9a-f]{32}/);
    const chips = page.locator('#curves .chip'), before = await chips.count();
    await page.locator('#results input[type=checkbox]:not(:checked)').first().click();
    assert.equal(await chips.count(), before + 1);
    assert.equal(await page.locator('#curves figure').first().locator('.line').count(), 3 * (before + 1));
    await chips.first().click();
    assert.equal(await chips.count(), before);
    await close();
  },

  async 'the keyboard reaches points and says what they are'() {
    const {page, close} = await open(fileOf('small'));
    await page.locator('#tradeoff svg[data-id=plot]').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    assert.ok((await page.locator('#said').textContent()).includes('prune.sparsity = 0.9'));
    const chips = page.locator('#curves .chip'), before = await chips.count();
    await page.keyboard.press('Enter');
    assert.equal(await chips.count(), before + 1);
    assert.equal(await page.evaluate(() => document.activeElement.dataset.id), 'plot');
    await page.keyboard.press('Escape');
    assert.ok(await page.locator('#tradeoff .tip').isHidden());
    await close();
  },

  async 'names, heads and labels are there for those who do not see'() {
    const {page, close} = await open(fileOf('small'));
    const unnamed = await page.evaluate(() => [...document.querySelectorAll('button, select, input, [role=application]')]
      .filter((node) => !(node.getAttribute('aria-label') || node.textContent.trim() || node.closest('label'))).length);
    assert.equal(unnamed, 0);
    assert.equal(await page.locator('th:not([scope])').count(), 0);
    assert.equal(await page.locator('section:not([aria-labelledby])').count(), 0);
    await close();
  },

  async 'looks at light, at dark, on paper and on a narrow screen'() {
    for (const colorScheme of ['light', 'dark']) {
      const {page, complaints, close} = await open(fileOf('small'), {colorScheme});
      await shot(page, colorScheme);
      for (const id of ['overview', 'tradeoff', 'curves', 'layers', 'stability', 'results'])
        await page.locator(`#${id}`).screenshot({path: path.join(out, `${colorScheme}-${id}.png`)});
      assert.deepEqual(complaints, []);
      await close();
    }
    const {page, close} = await open(fileOf('small'), {colorScheme: 'dark'});
    await page.pdf({path: path.join(out, 'print.pdf'), format: 'A4', margin: {top: '12mm', bottom: '12mm', left: '12mm', right: '12mm'}});
    await page.emulateMedia({media: 'print'});
    assert.ok(await page.locator('#filters').isHidden());
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
    await shot(page, 'print');
    await page.emulateMedia({media: 'screen', colorScheme: 'light'});
    await page.setViewportSize({width: 390, height: 800});
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out');
    await shot(page, 'narrow');
    await close();
  },

  async 'without scripts there are the plot and the table'() {
    const {page, close} = await open(fileOf('small'), {javaScriptEnabled: false});
    assert.equal(await page.locator('#tradeoff svg .mark').count(), 60);
    assert.equal(await page.locator('#results tbody tr').count(), 60);
    assert.ok(await page.locator('#filters').isHidden());
    await shot(page, 'no-script');
    await close();
  },

  async 'a thousand configurations: under 2 MB and 2 s'() {
    const bytes = statSync(pages.thousand).size;
    const {page, complaints, close} = await open(fileOf('thousand'), {lazy: true});
    const times = async () => {
      await page.waitForFunction(() => document.documentElement.dataset.drawn);
      return page.evaluate(() => [Number(document.documentElement.dataset.drawn),
        Math.round(performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd)]);
    };
    let [drawn, ready] = await times();
    for (let again = 0; again < 3 && ready >= 2000; ++again) {  // other programs may be at work
      await page.reload();
      [drawn, ready] = await times();
    }
    const click = await page.evaluate(async () => {
      const begin = performance.now();
      document.querySelector('#tradeoff .legend button').click();
      await new Promise(requestAnimationFrame);
      return Math.round(performance.now() - begin);
    });
    console.log(`  ${(bytes / 1e6).toFixed(2)} MB, drawn after ${drawn} ms, ready after ${ready} ms, a click takes ${click} ms`);
    assert.ok(bytes < 2e6);
    assert.ok(drawn < 2000 && ready < 2000);
    assert.equal(await rows(page).count(), 1000);
    await page.locator('#results').scrollIntoViewIfNeeded();
    await page.locator('#results th button').last().click();
    await shot(page, 'thousand-table', {fullPage: false});
    await page.locator('#tradeoff').scrollIntoViewIfNeeded();
    assert.deepEqual(complaints, []);
    await shot(page, 'thousand', {fullPage: false});
    await close();
  },

  async 'served, it brings news and keeps what was chosen'() {
    const server = spawn(program, ['serve'], {stdio: ['pipe', 'pipe', 'inherit']});
    const address = await new Promise((resolve) => server.stdout.once('data', (text) => resolve(String(text).trim())));
    if (address === 'none') return 'no HTTP server in this build';
    try {
      const {page, complaints, requests, close} = await open(address);
      await page.locator('#tradeoff .legend button').first().click();
      const before = await rows(page).count();
      await page.locator('#results').scrollIntoViewIfNeeded();
      await page.waitForFunction((count) => document.querySelectorAll('#results tbody tr').length > count, before, {timeout: 15000});
      assert.equal(await page.locator('#tradeoff .legend [aria-pressed=true]').count(), 1);
      assert.match(await page.locator('#live').textContent(), /^live/);
      assert.ok((await page.locator('#progress').textContent()).includes('stages'));
      assert.deepEqual(complaints, []);
      assert.deepEqual(new Set(requests), new Set([address, `${address}data.json`]));
      await close();
    } finally {
      server.kill();
    }
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    const note = await test();
    console.log(`ok      ${name}${note ? ` (skipped: ${note})` : ''}`);
  } catch (error) {
    ++failed;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
await browser.close();
process.exitCode = failed ? 1 : 0;
