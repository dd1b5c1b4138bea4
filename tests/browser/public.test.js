// The public pages in headless Chromium: the whole path without scripts, then what the eye, the
// finger, the keyboard and a screen reader meet. Run by scripts/test-browser.
//
//   GONGKAI_BIN   the binary to serve with
//   CHROMIUM      the browser (default: /usr/bin/chromium)
//   SCREENSHOTS   a folder for pictures; none are taken without it

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

// A wait that is not over after this is a fault.
const PATIENCE = 5000;
const PAGES = ['/public', '/public/apply', '/public/status', '/public/supplement', '/public/answer'];

let server;
let browser;
let base;

before(async () => {
  const binary = process.env.GONGKAI_BIN;
  assert.ok(binary, 'GONGKAI_BIN is not set; run scripts/test-browser');
  server = spawn(binary, ['demo', '--json', '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: server.stdout });
  const [ready] = await Promise.race([
    new Promise((resolve) => lines.once('line', (line) => resolve([line]))),
    new Promise((_, reject) => server.once('exit', (code) => reject(new Error(`demo: ${code}`)))),
  ]);
  base = JSON.parse(ready).url;
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
});

after(async () => {
  await browser?.close();
  server?.kill('SIGTERM');
});

/** A page as most people have it, and with scripts switched off unless they are asked for. */
async function open(t, options = {}) {
  const context = await browser.newContext({
    baseURL: base,
    locale: 'zh-CN',
    javaScriptEnabled: false,
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  t.after(() => context.close());
  context.setDefaultTimeout(PATIENCE);
  return context.newPage();
}

async function picture(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (folder) {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  }
}

/** Calls the API as a member of staff. */
async function staff(method, path, body, headers = {}) {
  staff.token ??= (await (await fetch(`${base}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'chaxun', password: 'demo-chaxun-2011' }),
  })).json()).access_token;
  const answer = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${staff.token}`, 'content-type': 'application/json', ...headers },
    body: body && JSON.stringify(body),
  });
  const json = await answer.json();
  assert.ok(answer.ok, `${path}: ${JSON.stringify(json)}`);
  return json;
}

const act = (seen, action, body) =>
  staff('POST', `/api/v1/cases/${seen.id}/${action}`, body, { 'if-match': `"${seen.version}"` });

// One person may apply only so often in a day, so every application is from somebody else.
let passport = 10000000;

async function fillIn(page) {
  passport += 1;
  await page.getByLabel('姓名或者单位名称').fill('王小明');
  await page.getByLabel('证件种类').selectOption('passport');
  await page.getByLabel('证件号码').fill(`E${passport}`);
  await page.getByLabel('联系电话').fill('13800000000');
  await page.getByLabel('通信地址').fill('长春市南关区人民大街1号');
  await page.getByLabel('信息的名称、文号或者其他特征').fill('2024年度车辆管理业务收费标准');
}

/** Sends in an application and gives its number and code. */
async function apply(page) {
  await page.goto('/public/apply');
  await fillIn(page);
  await page.getByRole('button', { name: '提交申请' }).click();
  await page.getByRole('heading', { level: 1, name: '申请已提交' }).waitFor();
  const [number, code] = await page.locator('dd.number').allTextContents();
  return { number, code };
}

async function identify(page, { number, code }) {
  await page.getByLabel('收件编号或者申请编号').fill(number);
  await page.getByLabel('查询码').fill(code);
}

test('an applicant applies, asks and supplements without scripts', async (t) => {
  const page = await open(t);
  await page.goto('/public');
  await picture(page, 'home');
  await page.getByRole('main').getByRole('link', { name: '提交申请' }).click();
  await picture(page, 'apply');
  const receipt = await apply(page);
  await picture(page, 'receipt');
  assert.match(receipt.number, /^SJ\d{4}-\d{6}$/);
  assert.match(receipt.code, /^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/);

  // Loading the page again sends the form again: it is the same submission.
  await page.reload();
  assert.equal(await page.locator('dd.number').first().textContent(), receipt.number);

  await page.getByRole('main').getByRole('link', { name: '查询进度' }).click();
  await identify(page, receipt);
  await page.getByRole('button', { name: '查询' }).click();
  await page.getByRole('heading', { name: '已收到，待确认登记' }).waitFor();
  await picture(page, 'status-received');
  assert.ok(!page.url().includes(receipt.number) && !page.url().includes('code'));

  const list = await staff('GET', `/api/v1/cases?number=${receipt.number}`);
  const now = new Date().toISOString();
  let seen = await staff('GET', `/api/v1/cases/${list.items[0].id}`);
  seen = await act(seen, 'register', { arrival: { confirmed_at: now, confirmed_by: '查询室' } });
  await act(seen, 'request-supplement', {
    items: '年度不明确', guidance: '请写明年度', service: { manner: 'sent', sent_at: now },
  });

  await page.goto('/public/status');
  await identify(page, { ...receipt, number: seen.case_number });
  await page.getByRole('button', { name: '查询' }).click();
  await page.getByRole('heading', { name: '等待您补正' }).waitFor();
  await page.getByText('补正期限').waitFor();
  await picture(page, 'status-awaiting');
  // What the office wrote stands in its notice, not here.
  assert.ok(!(await page.content()).includes('年度不明确'));

  await page.getByRole('main').getByRole('link', { name: '提交补正' }).click();
  await identify(page, { number: ` ${receipt.number.toLowerCase()} `, code: receipt.code.toLowerCase() });
  await page.getByLabel('补正内容').fill('2024年度\n以全年为准');
  await picture(page, 'supplement');
  await page.getByRole('button', { name: '提交补正' }).click();
  await page.getByRole('heading', { level: 1, name: '补正已收到' }).waitFor();
  await picture(page, 'supplemented');

  await page.goto('/public/status');
  await identify(page, receipt);
  await page.getByRole('button', { name: '查询' }).click();
  await page.getByRole('heading', { name: '办理中' }).waitFor();
  await page.getByRole('row', { name: /收到补正/ }).waitFor();
  const after = await staff('GET', `/api/v1/cases/${seen.id}`);
  assert.equal(after.supplement.content, '2024年度\n以全年为准');
});

test('every fault is said at its field, what was written stays, and the code does not', async (t) => {
  const page = await open(t);
  await page.goto('/public/apply');
  const mischief = '"><script>alert(1)</script>';
  await page.getByLabel('姓名或者单位名称').fill(mischief);
  await page.getByLabel('证件号码').fill('220102199003071236');
  await page.getByLabel('电子邮箱').fill('nobody');
  await page.getByLabel('补充描述').fill('\n第二行');
  await page.getByRole('button', { name: '提交申请' }).click();
  const summary = page.getByRole('alert');
  await summary.waitFor();
  await picture(page, 'apply-faults');
  assert.match(await page.title(), /^有误/);
  const links = summary.getByRole('link');
  const targets = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  assert.deepEqual(targets, ['#id_number', '#email', '#address', '#subject']);
  assert.equal(await page.getByLabel('姓名或者单位名称').inputValue(), mischief);
  assert.equal(await page.getByLabel('补充描述').inputValue(), '\n第二行');
  assert.equal(await page.getByLabel('证件号码').getAttribute('aria-invalid'), 'true');
  const described = await page.getByLabel('证件号码').getAttribute('aria-describedby');
  assert.equal(described, 'id_number-hint id_number-error');
  assert.match(await page.locator('#id_number-error').textContent(), /校验码不正确/);
  assert.equal(await page.locator('script').count(), 0);
  await links.nth(0).click();
  assert.equal(await page.locator('#id_number:target').count(), 1);

  await page.goto('/public/status');
  await identify(page, { number: 'SJ2026-999999', code: '0000-0000-0000-0000' });
  await page.getByRole('button', { name: '查询' }).click();
  await page.getByRole('alert').getByText('编号或者查询码不正确').waitFor();
  await picture(page, 'status-wrong');
  assert.equal(await page.getByLabel('收件编号或者申请编号').inputValue(), 'SJ2026-999999');
  assert.equal(await page.getByLabel('查询码').inputValue(), '');
  assert.ok(!(await page.content()).includes('0000-0000-0000-0000'));
});

test('what only a program fills in is refused, not swallowed', async (t) => {
  const page = await open(t);
  await page.goto('/public/apply');
  await fillIn(page);
  await page.locator('input[name=website]').evaluate((trap) => { trap.value = 'spam'; });
  await page.getByRole('button', { name: '提交申请' }).click();
  await page.getByRole('alert').getByText('自动填写').waitFor();
  assert.equal(await page.getByLabel('姓名或者单位名称').inputValue(), '王小明');
});

test('the keyboard alone gets through', async (t) => {
  const page = await open(t);
  await page.goto('/public/status');
  await page.keyboard.press('Tab');
  assert.equal(await page.locator(':focus').textContent(), '跳到正文');
  await picture(page, 'status-skip');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  assert.equal(await page.locator(':focus').getAttribute('id'), 'number');
  await page.keyboard.type('SJ2026-999999');
  await page.keyboard.press('Tab');
  await page.keyboard.type('0000-0000-0000-0001');
  await page.keyboard.press('Tab');
  assert.equal(await page.locator(':focus').textContent(), '查询');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  assert.equal(await page.locator(':focus').getAttribute('role'), 'alert', 'the faults have the focus');
});

test('narrow and enlarged, nothing is cut off and everything can be hit', async (t) => {
  // 1280 pixels at 400 %, and at 200 %.
  for (const width of [320, 640]) {
    const page = await open(t, { javaScriptEnabled: true, viewport: { width, height: 800 }, hasTouch: true });
    for (const path of PAGES) {
      await page.goto(path);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(over <= 0, `${path} is ${over} px too wide at ${width}`);
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('nav a, main a.action, button, select, textarea, input[type=text]:not([tabindex])')]
          .map((it) => [it.outerHTML.slice(0, 60), it.getBoundingClientRect().height])
          .filter(([, height]) => height < 44));
      assert.deepEqual(small, [], `${path} at ${width}`);
      await picture(page, `${path.slice(1).replace('/', '-')}-${width}`);
    }
    const receipt = await apply(page);
    await picture(page, `receipt-${width}`);
    await page.goto('/public/status');
    await identify(page, receipt);
    await page.getByRole('button', { name: '查询' }).click();
    await page.getByRole('heading', { level: 1, name: '办理进度' }).waitFor();
    await picture(page, `standing-${width}`);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(over <= 0, `the status is ${over} px too wide at ${width}`);
  }
});

test('the receipt can be printed', async (t) => {
  const page = await open(t);
  const receipt = await apply(page);
  await page.emulateMedia({ media: 'print' });
  await picture(page, 'receipt-print');
  assert.equal(await page.getByRole('navigation').isVisible(), false);
  assert.equal(await page.getByText(receipt.code).isVisible(), true);
  assert.equal(await page.getByText('打印日期').isVisible(), true);
});

test('a browser finds nothing to refuse, and no script would run', async (t) => {
  const page = await open(t, { javaScriptEnabled: true });
  const complaints = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(request.url()));
  for (const path of PAGES) {
    // What others hang on a link that is passed around does no harm.
    const answer = await page.goto(`${path}?from=singlemessage`);
    const headers = answer.headers();
    assert.equal(answer.status(), 200);
    assert.equal(headers['cache-control'], 'no-store');
    assert.match(headers['content-security-policy'], /^default-src 'none'; style-src 'self'; form-action 'self'/);
    assert.ok(!headers['content-security-policy'].includes('unsafe'));
    const styled = await page.evaluate(() => getComputedStyle(document.querySelector('header.site')).backgroundColor);
    assert.equal(styled, 'rgb(11, 79, 138)', 'the style sheet is there');
  }
  await apply(page);
  assert.deepEqual(complaints, []);
  const ran = await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.head.append(script);
    return window.ran === true;
  });
  assert.equal(ran, false);
});

test('nothing stands in the way of a screen reader (axe, WCAG 2.2 AA)', async (t) => {
  const page = await open(t, { javaScriptEnabled: true, bypassCSP: true });
  const check = async (what) => {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }));
    const found = violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((n) => n.html).join(' | ')}`);
    assert.deepEqual(found, [], what);
  };
  for (const path of PAGES) {
    await page.goto(path);
    await check(path);
  }
  await page.goto('/public/apply');
  await page.getByRole('button', { name: '提交申请' }).click();
  await page.getByRole('alert').waitFor();
  await check('the faults of an application');
  const receipt = await apply(page);
  await check('the receipt');
  await page.goto('/public/status');
  await identify(page, receipt);
  await page.getByRole('button', { name: '查询' }).click();
  await page.getByRole('heading', { level: 1, name: '办理进度' }).waitFor();
  await check('the status');
});
