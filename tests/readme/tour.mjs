// Runs the commands of README.md's tour against $GONGKAI_URL, and holds what they print to what stands
// below them: line by line, with any id, time, date or number where one stands, and anything for "…".
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const blocksOf = (file) =>
  [...readFileSync(file, "utf8").matchAll(/^```(sh|text)\n(.*?)^```$/gms)].map(([, kind, text]) => ({ kind, text }));

const volatile = [
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "[0-9a-f-]{36}"],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "[\\dT:.-]+Z"],
  [/\d{4}-\d\d-\d\d/g, "\\d{4}-\\d\\d-\\d\\d"],
  [/(?<="query_code":")[0-9A-Z-]{19}/g, "[0-9A-Z-]{19}"],
  [/SJ\d{4}-\d{6}/g, "SJ\\d{4}-\\d{6}"],
  [/〔\d{4}〕\d+号/g, "〔\\d{4}〕\\d+号"],
  [/…/g, ".*"],
];

function patternOf(line) {
  const kept = [];
  const keep = (pattern) => `\u0000${kept.push(pattern) - 1}\u0000`;
  const marked = volatile.reduce((text, [what, pattern]) => text.replace(what, () => keep(pattern)), line);
  const escaped = marked.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(escaped.replace(/\u0000(\d+)\u0000/g, (_, n) => kept[n]));
}

const blocks = blocksOf("README.md");
const faults = [];

const other = blocksOf("README.zh-CN.md");
if (JSON.stringify(other) !== JSON.stringify(blocks)) {
  const at = blocks.findIndex((block, n) => block.text !== other[n]?.text);
  faults.push(`README.zh-CN.md has other commands or outputs than README.md, from:\n${blocks[at]?.text}`);
}

const first = blocks.findIndex(({ text }) => text.startsWith("api="));
const end = blocks.findIndex(({ text }) => text.startsWith("1. Five people"));
const tour = blocks.slice(first, end);
const mark = "----8<----";
const script = tour
  .filter(({ kind }) => kind === "sh")
  .map(({ text }) => text)
  .join(`echo; echo '${mark}'\n`)
  .replace("http://127.0.0.1:8080", process.env.GONGKAI_URL);
const outputs = execFileSync("bash", ["-c", script], { encoding: "utf8", cwd: process.argv[2] }).split(mark);

let command = -1;
for (const { kind, text } of tour) {
  if (kind === "sh") {
    command += 1;
    continue;
  }
  for (const line of text.trimEnd().split("\n")) {
    if (!patternOf(line).test(outputs[command])) faults.push(`not printed: ${line}\nbut:${outputs[command]}`);
  }
}

if (faults.length > 0) {
  console.error(`readme: ${faults.join("\nreadme: ")}`);
  process.exit(1);
}
console.log(`readme: ${outputs.length} commands print what stands below them`);
