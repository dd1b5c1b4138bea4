// node tests/contract/compatible.mjs OLD.yaml NEW.yaml
//
// What a client of the old contract can no longer rely on under the new one: a removed path, method,
// parameter, member, status, media type or value; an input that is narrower or newly required; an
// answer that is wider or lacks a member; a right that is newly needed. Exit 1 when there is any.
// Values that are added to an enumeration break nothing: clients are told to tolerate them.
//
// With --self-test NEW.yaml it breaks a copy of the contract in each of these ways and must find each.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { load } from "js-yaml";

const METHODS = ["get", "put", "post", "delete", "patch"];

/** A schema without references; null as one of its types. */
function plain(contract, schema, depth = 0) {
  if (!schema || depth > 12) return {};
  const { $ref, ...beside } = schema;
  if ($ref) {
    const name = $ref.split("/").pop();
    return { ...plain(contract, contract.components.schemas[name], depth + 1), ...beside };
  }
  if (schema.oneOf) {
    const parts = schema.oneOf.map((part) => plain(contract, part, depth + 1));
    const some = parts.find((part) => !part.types?.every((type) => type === "null")) ?? {};
    return { ...some, types: [...new Set(parts.flatMap((part) => part.types ?? []))] };
  }
  if (schema.allOf) {
    const parts = schema.allOf.map((part) => plain(contract, part, depth + 1));
    return {
      types: ["object"],
      properties: Object.assign({}, ...parts.map((part) => part.properties ?? {})),
      required: parts.flatMap((part) => part.required ?? []),
    };
  }
  return { ...schema, types: schema.type === undefined ? undefined : [schema.type].flat() };
}

/** Compares two schemas; `input` is what a client sends, else what it gets. */
function compareSchemas(old, now, at, input, found, depth = 0) {
  if (depth > 12) return;
  const a = plain(old.contract, old.schema);
  const b = plain(now.contract, now.schema);
  if (a.types && b.types) {
    const [narrow, wide] = input ? [a.types, b.types] : [b.types, a.types];
    // A whole number is a number.
    const covers = (type) => wide.includes(type) || (type === "integer" && wide.includes("number"));
    if (!narrow.every(covers)) found.push(`${at}: type ${a.types} became ${b.types}`);
  }
  if ((a.format ?? "") !== (b.format ?? "")) found.push(`${at}: format ${a.format} became ${b.format}`);
  for (const value of a.enum ?? []) {
    if (b.enum && !b.enum.includes(value)) found.push(`${at}: the value ${value} is gone`);
  }
  if (input) {
    if (b.enum && !a.enum) found.push(`${at}: only some values are taken now`);
    if (b.pattern && b.pattern !== a.pattern) found.push(`${at}: another pattern`);
    for (const [least, sign] of [["minLength", 1], ["minimum", 1], ["minItems", 1], ["maxLength", -1], ["maximum", -1], ["maxItems", -1]]) {
      if (b[least] !== undefined && (a[least] === undefined ? sign < 0 || b[least] > 0 : (b[least] - a[least]) * sign > 0)) {
        found.push(`${at}: ${least} became ${b[least]}`);
      }
    }
  }
  const required = (schema) => new Set(schema.required ?? []);
  for (const name of input ? required(b) : required(a)) {
    const was = input ? required(a) : required(b);
    if (!was.has(name)) {
      found.push(input ? `${at}/${name}: is required now` : `${at}/${name}: may be missing now`);
    }
  }
  for (const [name, member] of Object.entries(a.properties ?? {})) {
    const other = b.properties?.[name];
    if (other === undefined) {
      found.push(`${at}/${name}: is gone`);
      continue;
    }
    const sides = [{ ...old, schema: member }, { ...now, schema: other }];
    compareSchemas(...sides, `${at}/${name}`, input, found, depth + 1);
  }
  if (a.items && b.items) {
    compareSchemas({ ...old, schema: a.items }, { ...now, schema: b.items }, `${at}[]`, input, found, depth + 1);
  }
}

const rightOf = (operation) => /the right `([^`]+)`/.exec(operation.description ?? "")?.[1];

function compareOperations(old, now, at, found) {
  const [a, b] = [old.operation, now.operation];
  if ((b.security ?? []).length > (a.security ?? []).length) found.push(`${at}: needs a token now`);
  if (rightOf(a) && rightOf(a) !== rightOf(b)) found.push(`${at}: needs another right: ${rightOf(b)}`);
  const key = (parameter) => `${parameter.in} ${parameter.name}`;
  const before = new Map((a.parameters ?? []).map((parameter) => [key(parameter), parameter]));
  const after = new Map((b.parameters ?? []).map((parameter) => [key(parameter), parameter]));
  for (const [name, parameter] of before) {
    const other = after.get(name);
    if (!other) found.push(`${at}: ${name} is gone`);
    else {
      const sides = [parameter, other].map((one, n) => ({ ...[old, now][n], schema: one.schema }));
      compareSchemas(...sides, `${at} ${name}`, true, found);
    }
  }
  for (const [name, parameter] of after) {
    if (parameter.required && !before.get(name)?.required) found.push(`${at}: ${name} is required now`);
  }
  const bodies = [a, b].map((operation) => operation.requestBody?.content ?? {});
  if (b.requestBody?.required && !a.requestBody) found.push(`${at}: a body is required now`);
  compareContents(old, now, bodies, `${at} body`, true, found);
  for (const [status, answer] of Object.entries(a.responses)) {
    if (!status.startsWith("2")) continue;
    const other = b.responses[status];
    if (!other) found.push(`${at}: no answer ${status}`);
    else compareContents(old, now, [answer.content ?? {}, other.content ?? {}], `${at} ${status}`, false, found);
  }
}

function compareContents(old, now, [before, after], at, input, found) {
  for (const [mediaType, content] of Object.entries(before)) {
    if (!after[mediaType]) found.push(`${at}: no ${mediaType}`);
    else {
      const sides = [{ ...old, schema: content.schema }, { ...now, schema: after[mediaType].schema }];
      compareSchemas(...sides, at, input, found);
    }
  }
}

export function breaches(old, now) {
  const found = [];
  for (const [path, item] of Object.entries(old.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const at = `${method.toUpperCase()} ${path}`;
      const operation = now.paths[path]?.[method];
      if (!operation) found.push(`${at}: is gone`);
      else compareOperations({ contract: old, operation: item[method] }, { contract: now, operation }, at, found);
    }
  }
  return found;
}

/** One way of each kind to break the contract, and what must be said of it. */
const BREAKS = [
  [(c) => delete c.paths["/api/v1/cases/{id}/void"], /is gone/],
  [(c) => delete c.paths["/api/v1/cases"].get, /GET \/api\/v1\/cases: is gone/],
  [(c) => c.paths["/api/v1/cases"].get.parameters.shift(), /is gone/],
  [(c) => delete c.components.schemas.CaseView.properties.subject, /subject: is gone/],
  [(c) => c.components.schemas.CaseView.required.pop(), /may be missing now/],
  [(c) => (c.components.schemas.CaseView.properties.version.type = ["integer", "null"]), /became integer,null/],
  [(c) => c.components.schemas.ReceiveBody.required.push("purpose"), /purpose: is required now/],
  [(c) => (c.components.schemas.ReceiveBody.properties.purpose.type = "string"), /purpose: type/],
  [(c) => (c.components.schemas.ReceiveBody.properties.subject.maxLength = 20), /maxLength became 20/],
  [(c) => c.components.schemas.Channel.enum.pop(), /the value \w+ is gone/],
  [(c) => (c.paths["/api/v1/dictionaries"].get.security = [{ bearer: [] }]), /needs a token now/],
  [(c) => (c.paths["/api/v1/cases"].post.description = "Needs the right `act:void`"), /another right/],
  [(c) => delete c.paths["/api/v1/cases"].post.responses["201"], /no answer 201/],
];

/** What must pass: additions. */
const ADDITIONS = [
  (c) => (c.paths["/api/v2"] = c.paths["/api/v1/me"]),
  (c) => c.components.schemas.Channel.enum.push("pigeon"),
  (c) => (c.components.schemas.CaseView.properties.colour = { type: "string" }),
  (c) => (c.components.schemas.ReceiveBody.properties.colour = { type: ["string", "null"] }),
  (c) => (c.components.schemas.ReceiveBody.properties.subject.maxLength = 400),
];

const read = (path) => load(readFileSync(path, "utf8"));
const [first, second] = process.argv.slice(2);
if (first === "--self-test") {
  const contract = read(second);
  assert.deepEqual(breaches(contract, contract), []);
  for (const [change, expected] of BREAKS) {
    const changed = structuredClone(contract);
    change(changed);
    const found = breaches(contract, changed);
    assert.ok(found.some((line) => expected.test(line)), `${change} was not found: ${found}`);
  }
  for (const change of ADDITIONS) {
    const changed = structuredClone(contract);
    change(changed);
    assert.deepEqual(breaches(contract, changed), [], `${change}`);
  }
  console.log(`compatible: ${BREAKS.length} breaches found, ${ADDITIONS.length} additions let through`);
} else {
  const found = breaches(read(first), read(second));
  for (const line of found) console.log(line);
  process.exitCode = found.length > 0 ? 1 : 0;
}
