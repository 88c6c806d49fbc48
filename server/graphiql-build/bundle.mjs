// Bundles the page with esbuild and writes the licences of what went in. Usage: node bundle.mjs TARGET_FOLDER

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { build } from 'esbuild';

const target = process.argv[2];
const pinned = JSON.parse(readFileSync('package.json', 'utf8'));

function replaceOnce(text, was, becomes) {
  if (text.split(was).length !== 2) throw new Error(`expected exactly once: ${was}`);
  return text.replace(was, () => becomes);
}

// A tab is named by the comment on its first line; without one, by its operation, as GraphiQL does it.
const titles = {
  name: 'titles',
  setup({ onLoad }) {
    onLoad({ filter: /@graphiql[\\/]react[\\/]dist[\\/]index\.mjs$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      contents = replaceOnce(
        contents,
        'function fuzzyExtractOperationName(str) {',
        'function fuzzyExtractOperationName(str) {\n  const comment = /^\\s*#[ \\t]*(\\S.*)/.exec(str);\n  if (comment) return comment[1].trim();',
      );
      contents = replaceOnce(
        contents,
        'title: newTab.operationName || (newTab.query ? fuzzyExtractOperationName(newTab.query) : void 0) || DEFAULT_TITLE',
        'title: (newTab.query ? fuzzyExtractOperationName(newTab.query) : void 0) || newTab.operationName || DEFAULT_TITLE',
      );
      return { contents, loader: 'js' };
    });
  },
};

// GraphiQL's style sheet carries 350 kB of fonts; ours names the machine's own.
const fonts = {
  name: 'fonts',
  setup({ onLoad }) {
    onLoad({ filter: /graphiql[\\/]dist[\\/]style\.css$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8').replace(/@font-face\s*\{[^}]*\}/g, '');
      if (/@font-face|font\/woff/.test(contents)) throw new Error('a font is left in the style sheet');
      return { contents, loader: 'css' };
    });
  },
};

const result = await build({
  entryPoints: { graphiql: 'main.jsx' },
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
  jsx: 'automatic',
  charset: 'utf8',
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"' },
  plugins: [titles, fonts],
  metafile: true,
  outdir: 'out',
  write: false,
});

const folder = join(target, 'static');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
let page = readFileSync('index.html', 'utf8');
for (const { path, contents } of result.outputFiles) {
  writeFileSync(join(folder, basename(path)), contents);
  page = page.replace(`{{${path.split('.').pop()}}}`, basename(path));
}
if (page.includes('{{')) throw new Error('the page names a file that was not built');
writeFileSync(join(folder, 'index.html'), page);

function licence(place) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
  if (!(name in pinned.dependencies) && pinned.overrides[name] !== version) throw new Error(`not pinned: ${name} ${version}`);
  const files = readdirSync(place).filter((file) => /^(licen[cs]e|copying|notice|copyrightnotice|thirdpartynotices)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(place, file), 'utf8').replace(/\r\n?/g, '\n').trim());
  if (texts.length === 0) {
    if (license !== 'MIT') throw new Error(`${name} carries no licence text`);
    const holder = (typeof author === 'string' ? author : author?.name)?.replace(/\s*<.*/, '') ?? `the authors of ${name}`;
    texts.push(mit.replace('{{holder}}', holder));
  }
  const text = texts.join('\n\n').replace(/[ \t]+$/gm, '');
  return { name, version, license, text };
}

const mit = `MIT License (the package carries no text of its own; this is the licence that it names)

Copyright (c) {{holder}}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const places = new Set();
for (const input of Object.keys(result.metafile.inputs)) {
  const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
  if (found) places.add(found[1]);
}
const parts = [...places].map(licence).sort((a, b) => (a.name < b.name ? -1 : 1));
const rule = '='.repeat(80);
writeFileSync(
  join(target, 'LICENSES.txt'),
  `The files in static/ hold parts of these ${parts.length} packages.\n\n` +
    parts.map(({ name, version, license, text }) => `${rule}\n${name} ${version} (${license})\n${rule}\n\n${text}\n`).join('\n'),
);
