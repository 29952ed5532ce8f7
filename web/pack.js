// SPDX-License-Identifier: Apache-2.0
// Packs the built client into sources of the program: node pack.js DIST OUT
//
// OUT/web_files.bin has the bytes of each file of DIST, as they are and, where that is smaller,
// compressed by gzip and brotli; OUT/web_files.c the table (src/web/web_int.h), OUT/web_bytes.S
// takes the bytes into the program.
import {createHash} from 'node:crypto';
import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {extname, join, relative} from 'node:path';
import {brotliCompressSync, constants, gzipSync} from 'node:zlib';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

function listFiles(folder) {
  return readdirSync(folder).sort().flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? listFiles(path) : [path];
  });
}

function compress(bytes) {
  const brotli = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  return [gzipSync(bytes, {level: 9}), brotli];
}

const [dist, out] = process.argv.slice(2);
const parts = [];
let length = 0;

function span(bytes) {
  const at = length;
  parts.push(bytes);
  length += bytes.length;
  return `{web_bytes + ${at}, ${bytes.length}}`;
}

function row(path) {
  const name = relative(dist, path);
  const type = TYPES[extname(path)];
  if (!type) throw new Error(`${name}: pack.js knows no content type for it`);
  const bytes = readFileSync(path);
  const tag = createHash('sha256').update(bytes).digest('hex').slice(0, 24);
  // The page gets its base while it is served, so it goes out as it is.
  const packed = name === 'index.html' ? [] : compress(bytes);
  const spans = [0, 1].map((which) => {
    const smaller = packed[which] && packed[which].length < bytes.length;
    return smaller ? span(packed[which]) : '{0, 0}';
  });
  const isNamedByContent = name.startsWith('assets/');
  return `    {"${name}", "${type}", "${tag}", ${isNamedByContent}, ${span(bytes)},
     ${spans[0]}, ${spans[1]}},`;
}

mkdirSync(out, {recursive: true});
const rows = listFiles(dist).map(row);
writeFileSync(join(out, 'web_files.bin'), Buffer.concat(parts));
writeFileSync(join(out, 'web_bytes.S'), `// Made by web/pack.js.
    .section .rodata
    .global web_bytes
    .type web_bytes, @object
web_bytes:
    .incbin "${join(out, 'web_files.bin')}"
    .size web_bytes, . - web_bytes
    .section .note.GNU-stack, "", @progbits
`);
writeFileSync(join(out, 'web_files.c'), `// Made by web/pack.js.
#include "web/web_int.h"

extern const char web_bytes[];
const struct web_file web_files[] = {
${rows.join('\n')}
};
const size_t web_file_count = ${rows.length};
`);
