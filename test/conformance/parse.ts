import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatJson, type Json, JsonNumber, type JsonObject } from '../../src/json.ts'
import {
  type EnvironmentDeclaration,
  type Expression,
  type Import,
  type ObjectProperty,
  type PropertyAccess,
  parseEnvironment,
  pieceRange,
} from '../../src/language/index.ts'
import { parseJson } from '../../src/read-json.ts'
import type { Diagnostic, StringNode } from '../../src/yaml/index.ts'
import { diagnosticsJson, differences, rangeJson, sortDiagnostics } from './compare.ts'
import { type CaseResult, outcomeOf } from './result.ts'

/**
 * Replays recorded parses: folders of `env.yaml` and `expected.json`. The parsed environment and
 * its diagnostics must agree.
 */
export async function replay(directory: string): Promise<CaseResult[]> {
  const folders = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  return Promise.all(folders.map(({ name }) => outcomeOf('parse', name, () => check(directory, name))))
}

async function check(directory: string, name: string): Promise<string | undefined> {
  const read = (file: string) => readFile(join(directory, name, file), 'utf8')
  const expected = parseJson(await read('expected.json')) as JsonObject
  const { environment, diagnostics } = parseEnvironment(name, await read('env.yaml'))
  const declaration = environment && (parseJson(formatJson(environmentJson(environment, diagnostics))) as Json)
  const problems = [
    ...differences(expected.decl, declaration, false).map((d) => `decl${d}`),
    ...differences(
      sortDiagnostics((expected.diags ?? []) as Json[]),
      parseJson(formatJson(diagnosticsJson(diagnostics))),
      false,
    ).map((d) => `diags${d}`),
  ]
  return problems.length === 0 ? undefined : problems.join('\n')
}

function environmentJson(environment: EnvironmentDeclaration, diagnostics: readonly Diagnostic[]): Json {
  const { description, imports, values } = environment
  const refused = (summary: string) => diagnostics.some((diagnostic) => diagnostic.summary === summary)
  return {
    Description: description ? { Value: description.value } : null,
    Imports: imports
      ? { Elements: imports.map(importJson) }
      : refused('imports must be a list')
        ? { Elements: null }
        : null,
    Values: values ? entriesJson(values) : refused('values must be an object') ? { Entries: null } : null,
  }
}

function importJson({ name, metadata }: Import): Json {
  return {
    Environment: name ? { Value: name.value } : null,
    Meta: metadata ? { Merge: metadata.merge === undefined ? null : { Value: metadata.merge } } : null,
  }
}

function entriesJson(entries: readonly ObjectProperty[]): Json {
  return {
    Entries: entries.map(({ key, valid, value }) => ({
      Key: valid ? { Value: key } : null,
      Value: expressionJson(value),
    })),
  }
}

function expressionJson(expression: Expression | undefined): Json {
  if (expression === undefined || expression.kind === 'missing') return null
  switch (expression.kind) {
    case 'null':
      return {}
    case 'boolean':
    case 'string':
      return { Value: expression.value }
    case 'number':
      return { Value: new JsonNumber(expression.text) }
    case 'symbol':
      return { Property: accessJson(expression.access, expression.node) }
    case 'interpolation':
      return {
        Parts: expression.parts.map(({ text, access }) => ({
          Text: text,
          Value: access ? accessJson(access, expression.node) : null,
        })),
      }
    case 'array':
      return { Elements: expression.elements.map(expressionJson) }
    case 'object':
      return entriesJson(expression.entries)
    case 'call':
      return callJson(expression)
  }
}

function callJson(call: Expression & { kind: 'call' }): Json {
  switch (call.name) {
    case 'secret':
      return { Plaintext: expressionJson(call.plaintext), Ciphertext: expressionJson(call.ciphertext) }
    case 'open':
      return { Provider: expressionJson(call.provider), Inputs: expressionJson(call.inputs) }
    case 'rotate':
      return {
        Provider: expressionJson(call.provider),
        Inputs: expressionJson(call.inputs),
        State: expressionJson(call.state),
      }
    case 'join':
      return { Delimiter: expressionJson(call.parts.delimiter), Values: expressionJson(call.parts.values) }
    case 'split':
      return { Delimiter: expressionJson(call.parts.delimiter), String: expressionJson(call.parts.string) }
    case 'validate':
      return { Schema: expressionJson(call.parts.schema), Value: expressionJson(call.parts.value) }
    case 'concat':
      return { Arrays: expressionJson(call.argument) }
    case 'fromJSON':
    case 'fromBase64':
      return { String: expressionJson(call.argument) }
    default:
      return { Value: expressionJson(call.argument) }
  }
}

function accessJson(access: PropertyAccess, node: StringNode): Json {
  return {
    Accessors: access.accessors.map(({ kind, key, start, end }) => {
      const range = pieceRange(node, start, end)
      return { [kind === 'name' ? 'Name' : 'Index']: key, AccessorRange: range ? rangeJson(range) : null }
    }),
  }
}
