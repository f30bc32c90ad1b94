import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Evaluation,
  type EvaluationRequest,
  environmentToJson,
  evaluateEnvironment,
  mapToJson,
} from '../../src/evaluate/index.ts'
import { formatJson, type Json, type JsonObject } from '../../src/json.ts'
import { parseEnvironment } from '../../src/language/index.ts'
import { parseJson } from '../../src/read-json.ts'
import { parsePropertyPath } from '../../src/yaml/index.ts'
import { diagnosticsJson, differences, sortDiagnostics } from './compare.ts'
import { decrypt, executionContext, fakeWorld } from './fakes.ts'
import { type CaseResult, outcomeOf } from './result.ts'

interface RecordedCase {
  readonly name: string
  /** Texts by path, such as `env.yaml`. */
  readonly files: ReadonlyMap<string, string>
  readonly overrides: JsonObject
  readonly expected: JsonObject
}

/**
 * Replays recorded evaluations, one a folder: `env.yaml`, its imports, perhaps `overrides.json`,
 * and `expected.json`.
 */
export async function replay(directory: string, kind = 'eval'): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  const folders = await readdir(directory, { withFileTypes: true })
  for (const { name } of folders.filter((entry) => entry.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const folder = join(directory, name)
    if (!(await exists(join(folder, 'expected.json')))) continue
    results.push(await outcomeOf(kind, name, async () => check(await readCase(folder, name))))
  }
  return results
}

/** Replays recorded evaluations, one a line. */
export async function replayLines(file: string, kind = 'eval-fuzz'): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    if (line.trim() === '') continue
    const { name, files, overrides, expected } = parseJson(line) as Record<string, Json>
    const recorded = {
      name: name as string,
      files: new Map(Object.entries(files as Record<string, string>)),
      overrides: (overrides ?? {}) as JsonObject,
      expected: expected as JsonObject,
    }
    results.push(await outcomeOf(kind, recorded.name, () => check(recorded)))
  }
  return results
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function readCase(folder: string, name: string): Promise<RecordedCase> {
  const files = new Map<string, string>()
  for (const file of await readdir(folder, { recursive: true }))
    if (/\.(yaml|json)$/.test(file)) files.set(file, await readFile(join(folder, file), 'utf8'))
  const overrides = files.get('overrides.json')
  return {
    name,
    files,
    overrides: overrides === undefined ? {} : (parseJson(overrides) as JsonObject),
    expected: parseJson(files.get('expected.json')!) as JsonObject,
  }
}

async function check(recorded: RecordedCase): Promise<string | undefined> {
  const actual = await play(recorded)
  const problems: string[] = []
  for (const key of new Set([...Object.keys(recorded.expected), ...Object.keys(actual)])) {
    const [expected, got] = [recorded.expected[key], actual[key]]
    if (key.endsWith('Diags'))
      problems.push(...differences(sortDiagnostics((expected ?? []) as Json[]), got ?? [], false).map((d) => key + d))
    else problems.push(...differences(expected, got, ['check', 'eval', 'rotate'].includes(key)).map((d) => key + d))
  }
  return problems.length === 0 ? undefined : problems.join('\n')
}

async function play({ name: directory, files, overrides }: RecordedCase): Promise<Record<string, Json>> {
  const name = (overrides.rootEnvironment as string | undefined) || directory
  const world = fakeWorld((imported) => {
    const text = files.get(`${imported}.yaml`)
    if (text === undefined)
      throw new Error(`open testdata/eval/${directory}/${imported}.yaml: no such file or directory`)
    return text
  })
  const text = files.get('env.yaml')!
  const { diagnostics: loadDiagnostics } = parseEnvironment(name, text)
  const run = (mode: EvaluationRequest['mode'], more: Partial<EvaluationRequest> = {}) =>
    evaluateEnvironment({ name, text, mode, unlock: async () => decrypt, context: executionContext, ...more }, world, {
      despiteErrors: true,
    })
  const actual: Record<string, Json> = {}
  const put = (key: string, { environment, diagnostics }: Evaluation) => {
    actual[`${key}Diags`] = diagnosticsJson(diagnostics.slice(loadDiagnostics.length))
    if (environment) actual[key] = environmentToJson(environment)
  }
  actual.loadDiags = diagnosticsJson(loadDiagnostics)

  const checked = await run('check', { showSecrets: overrides.showSecrets === true })
  put('check', checked)
  if (checked.environment) actual.checkJson = plain(checked, true)
  const opened = await run('open')
  put('eval', opened)
  if (opened.environment) {
    actual.evalJsonRedacted = plain(opened, true)
    actual.evalJSONRevealed = plain(opened, false)
  }
  if (overrides.rotate === true) {
    const paths = ((overrides.rotatePaths ?? []) as string[]).map(parsePropertyPath)
    const rotated = await run('rotate', { rotatePaths: paths })
    put('rotate', rotated)
    if (rotated.environment) actual.rotateJson = plain(rotated, true)
    const patches = rotated.rotations.flatMap(({ patch }) => patch ?? [])
    patches.sort((a, b) => (a.docPath < b.docPath ? -1 : 1))
    if (patches.length > 0)
      actual.rotatePatches = patches.map(({ docPath, replacement }) => ({
        DocPath: docPath,
        Replacement: replacement as unknown as Json,
      }))
  }
  for (const key of Object.keys(actual))
    if (key.endsWith('Diags') && (actual[key] as Json[]).length === 0) delete actual[key]
  return parseJson(formatJson(actual)) as Record<string, Json>
}

function plain({ environment }: Evaluation, redact: boolean): Json {
  return mapToJson(environment?.properties ?? {}, { redact })
}
