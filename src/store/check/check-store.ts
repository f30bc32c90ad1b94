import { join, sep } from 'node:path'
import { listIfPresent, readIfPresent } from '../../files/index.ts'
import { rich, step } from '../../rich-text.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { isEnvironmentPart } from '../environment-name.ts'
import { listReadable } from '../environments.ts'
import type { CompleteHost } from '../host.ts'
import { layout } from '../layout.ts'
import type { StoreState } from '../state/state.ts'
import { missingLines, storeFiles } from '../store-files.ts'
import { checkEarlierState } from './check-earlier-state.ts'
import { checkEnvironment } from './check-environment.ts'
import { checkMachine } from './check-machine.ts'
import type { FindPlaintext } from './check-revisions.ts'
import { checkState } from './check-state.ts'
import { checkTree, checkTreeOf } from './check-tree.ts'
import type { Finding, ReportFinding } from './finding.ts'

export interface CheckOptions {
  /** Only these; then nothing is said about the rest of the store. Default: all. */
  readonly environments?: readonly string[]
  /** True when keys may be used, which may ask a person. Default: true. */
  readonly useKeys?: boolean
  /** Finds the secrets that a revision file holds in the clear. Default: nobody looks. */
  readonly findPlaintext?: FindPlaintext
  /** Hears which environment is being read. */
  readonly onProgress?: (environment: string, number: number, count: number) => void
}

export interface CheckReport {
  /** In the order of environments, those of the store last. */
  readonly findings: readonly Finding[]
  readonly environments: number
  readonly revisions: number
  /** Environments whose seals could not be checked. */
  readonly unverified: readonly string[]
}

/** Reads everything there is in a store and says what is wrong. Changes nothing. */
export async function findTroubles(
  store: {
    readonly folder: string
    readonly state: StoreState
    readonly host: CompleteHost
    readonly context: (name: string) => EnvironmentContext
  },
  { environments, useKeys = true, findPlaintext, onProgress }: CheckOptions,
): Promise<CheckReport> {
  const findings: Finding[] = []
  const report: ReportFinding = (finding) => findings.push({ fixable: false, ...finding })
  const special = specialIn(store, environments)
  const names = environments ?? listReadable(store.host.files, store.folder)
  const unverified: string[] = []
  const named = new Map<string, string[]>()
  let revisions = 0
  for (const [index, name] of names.entries()) {
    onProgress?.(name, index + 1, names.length)
    const own = special.filter(({ file }) => isPartOf(layout.environment(store.folder, name), file))
    findings.push(...own.map((finding) => ({ ...finding, environment: name })))
    // Anything else about it takes reading its files, which ends at the first that may not be read.
    if (own.length > 0 || special.some(({ file }) => isPartOf(file, layout.environment(store.folder, name)))) {
      unverified.push(name)
      continue
    }
    const checked = await checkEnvironment(store.context(name), { useKeys, findPlaintext })
    findings.push(...checked.findings)
    revisions += checked.revisions
    if (!checked.verified) unverified.push(name)
    if (checked.id !== undefined) named.set(checked.id, [...(named.get(checked.id) ?? []), name])
  }
  if (environments === undefined) {
    checkIds(store.folder, named, report)
    checkNames(store.folder, names, report)
    const isSpecial = (file: string) => special.some((finding) => finding.file === file)
    checkStoreFiles(store.folder, { host: store.host, isSpecial }, report)
    const context = { store: store.folder, state: store.state, host: store.host }
    checkState(context, report)
    checkEarlierState(context, report)
    const projects = listIfPresent(store.host.files, store.folder)
      .filter(isEnvironmentPart)
      .filter((project) => !isSpecial(layout.project(store.folder, project)))
    checkMachine(context, { ids: new Set(named.keys()), projects, isSpecial }, report)
  }
  const said = new Set(findings.map(({ file }) => file))
  findings.push(...special.filter(({ file }) => !said.has(file)))
  return { findings, environments: names.length, revisions, unverified }
}

/** Links, devices and oversized files: in the whole store, or in some environments. */
function specialIn(
  { host, folder }: { readonly host: CompleteHost; readonly folder: string },
  environments: readonly string[] | undefined,
): Finding[] {
  const found: Finding[] = []
  const report: ReportFinding = (finding) => found.push({ fixable: false, ...finding })
  if (environments === undefined) checkTree(host.files, folder, report)
  else for (const name of environments) checkTreeOf(host.files, layout.environment(folder, name), report)
  return found.filter(({ file }, index) => found.findIndex((other) => other.file === file) === index)
}

function isPartOf(folder: string, file: string): boolean {
  return file === folder || file.startsWith(folder + sep)
}

/**
 * An environment copied with its folder shares the id, and so journal and
 * memory, with its original.
 */
function checkIds(store: string, named: ReadonlyMap<string, readonly string[]>, report: ReportFinding): void {
  for (const [id, names] of named) {
    const [first, ...others] = names
    for (const name of others) {
      report({
        severity: 'error',
        kind: 'duplicate_id',
        environment: name,
        file: layout.settings(layout.environment(store, name)),
        problem: `environments '${first}' and '${name}' have the same id ${id}: one was copied by hand`,
        remedy: rich`remove the copy, and ${step('make it', { do: 'clone-environment', environment: first as string })}`,
      })
    }
  }
}

function checkNames(store: string, names: readonly string[], report: ReportFinding): void {
  const seen = new Map<string, string>()
  for (const name of names) {
    const other = seen.get(name.toLowerCase())
    seen.set(name.toLowerCase(), name)
    if (other === undefined) continue
    report({
      severity: 'warning',
      kind: 'name_collision',
      environment: name,
      file: layout.environment(store, name),
      problem: `'${name}' and '${other}' differ only in case: macOS and Windows cannot have both`,
      remedy: 'clone one under another name, and remove it',
    })
  }
}

function checkStoreFiles(
  store: string,
  { host, isSpecial }: { readonly host: CompleteHost; readonly isSpecial: (file: string) => boolean },
  report: ReportFinding,
): void {
  for (const [name, lines] of Object.entries(storeFiles)) {
    const file = join(store, name)
    if (isSpecial(file)) continue
    const missing = missingLines(readIfPresent(host.files, file), lines)
    if (missing.length === 0) continue
    report({
      severity: 'warning',
      kind: 'git_files',
      file,
      problem: `${name} lacks ${missing.map((line) => `\`${line}\``).join(', ')}`,
      remedy: rich`${step('add what it lacks', { do: 'repair-store' })}`,
      fixable: true,
    })
  }
}
