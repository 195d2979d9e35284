// Standard input through a redactor of npm's, as its documentation has it: redact_lines.cjs PACKAGE RULES.json MASK MODULES
//
// A rule is [expression, flags] with a group before the secret and one behind it. Latin-1 keeps every byte as it is.
'use strict';
const { readFileSync } = require('fs');
const { createRequire } = require('module');

const [name, rulesPath, mask, modules] = process.argv.slice(2);
const take = createRequire(modules + '/');
const rules = JSON.parse(readFileSync(rulesPath, 'utf8')).map(([expression, flags]) => new RegExp(expression, 'g' + flags));
const replacement = '$1' + mask + '$2';

const made = {
  'redact-pii': () => {
    const { SyncRedactor } = take('redact-pii');
    const builtIn = ['names', ...Object.keys(take('redact-pii/lib/built-ins/simple-regexp-patterns'))];
    const redactor = new SyncRedactor({
      builtInRedactors: Object.fromEntries(builtIn.map((rule) => [rule, { enabled: false }])),
      customRedactors: { before: rules.map((regexpPattern) => ({ regexpPattern, replaceWith: replacement })) },
    });
    return (line) => redactor.redact(line);
  },
  '@hackylabs/deep-redact': () => {
    const { DeepRedact } = take('@hackylabs/deep-redact');
    const redactor = new DeepRedact({
      stringTests: rules.map((pattern) => ({ pattern, replacer: (value, found) => value.replace(found, replacement) })),
    });
    return (line) => redactor.redact(line);
  },
  '@logtape/redaction': () => {
    const { redactByPattern } = take('@logtape/redaction');
    return redactByPattern((line) => line, rules.map((pattern) => ({ pattern, replacement })));
  },
};

const redact = made[name]();
let rest = '';
process.stdin.setEncoding('latin1');
process.stdin.on('data', (text) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop();
  if (lines.length > 0) process.stdout.write(lines.map(redact).join('\n') + '\n', 'latin1');
});
process.stdin.on('end', () => process.stdout.write(rest && redact(rest), 'latin1'));
