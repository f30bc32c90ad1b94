import { dirname, join } from 'node:path'
import { type FileSystem, listIfPresent, makeFolders, readIfPresent, replaceFile } from '../files/index.ts'
import { stateLayout } from '../store/index.ts'
import { type AuditHead, headFile } from './head.ts'
import { type AuditLine, digestOfLine, parseLine } from './line.ts'
import { type AuditLogContext, auditFiles, auditFolder } from './log.ts'

export type AuditFindingKind = 'removed' | 'changed' | 'reordered' | 'inserted' | 'truncated' | 'torn'

export interface AuditFinding {
  readonly kind: AuditFindingKind
  /** A note is harmless: a line that a crash cut short. */
  readonly severity: 'error' | 'note'
  readonly log: string
  /**
   * Place of the finding: the path of a file and the line,
   * `…/audit/2026-11-host-1a2b3c4d.jsonl:12`.
   */
  readonly place: string
  readonly problem: string
}

/**
 * The end of a log when somebody looked: to be kept elsewhere, so that it can be asked for again.
 */
export interface AuditAnchor {
  readonly log: string
  readonly sequence: number
  readonly digest: string
}

export interface AuditVerification {
  readonly lines: number
  /** The newest line of each log. */
  readonly heads: readonly AuditAnchor[]
  /** Logs of which this machine knew before how long they were. */
  readonly anchored: readonly string[]
  readonly findings: readonly AuditFinding[]
}

/** A line where it stands. */
export interface PlacedLine {
  readonly place: string
  readonly text: string
  /** `undefined` when it cannot be read. */
  readonly line: AuditLine | undefined
}

/**
 * Verifies that the logs of a store are as they were written: each line names the digest of the one
 * before, so that none can be changed, moved, put in or taken out unnoticed; and this machine
 * remembers how far each was when it wrote or last verified it, so that one that ends too early is
 * noticed. `expected`: anchors that were kept elsewhere.
 */
export function verifyAudit(context: AuditLogContext, expected: readonly AuditAnchor[] = []): AuditVerification {
  const known = knownAnchors(context, auditFiles(context))
  return verifyLogs({ logs: readLogs(context), known, expected, place: auditFolder(context) })
}

interface LogsToVerify {
  /** The lines of each log, by its name. */
  readonly logs: ReadonlyMap<string, readonly PlacedLine[]>
  readonly known: readonly AuditAnchor[]
  readonly expected: readonly AuditAnchor[]
  /** The place of all logs, for one that has no line. */
  readonly place: string
}

/** Verifies lines that were read, as `verifyAudit` does with those of files. */
export function verifyLogs({ logs, known, expected, place }: LogsToVerify): AuditVerification {
  const findings: AuditFinding[] = []
  const heads: AuditAnchor[] = []
  let lines = 0
  for (const log of new Set([
    ...logs.keys(),
    ...known.map(({ log: name }) => name),
    ...expected.map(({ log: name }) => name),
  ])) {
    const placed = logs.get(log) ?? []
    const anchors = [...known, ...expected].filter((anchor) => anchor.log === log && anchor.sequence > 0)
    findings.push(...verifyLog(log, placed, anchors, place))
    const last = newestOf(placed)
    if (last === undefined) continue
    heads.push({ log, sequence: last.line.sequence, digest: digestOfLine(last.text) })
    lines += placed.filter(({ line }) => line !== undefined).length
  }
  return { lines, heads, anchored: [...new Set(known.map(({ log }) => log))], findings }
}

/**
 * Makes this machine remember how far each log was found to be. Best effort, for read-only stores.
 */
export function rememberVerified(context: AuditLogContext, heads: readonly AuditAnchor[]): void {
  try {
    const [files, file] = [auditFiles(context), verifiedFile(context)]
    makeFolders(files, dirname(file), 0o700)
    replaceFile(files, file, Buffer.from(JSON.stringify({ version: 1, heads })))
  } catch {}
}

/** The lines of all logs that can be read, by time. */
export function readAudit(context: AuditLogContext): AuditLine[] {
  const lines = [...readLogs(context).values()].flat().flatMap(({ line }) => line ?? [])
  return lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.sequence - b.sequence))
}

function readLogs(context: AuditLogContext): Map<string, PlacedLine[]> {
  const files = auditFiles(context)
  const folder = auditFolder(context)
  const logs = new Map<string, PlacedLine[]>()
  for (const file of listIfPresent(files, folder).sort()) {
    const log = /^\d{4}-\d{2}-(.+)\.jsonl$/.exec(file)?.[1]
    if (log === undefined) continue
    const texts = Buffer.from(readIfPresent(files, join(folder, file)) ?? [])
      .toString()
      .split('\n')
    const placed = texts.flatMap((text, index): PlacedLine[] =>
      text === '' ? [] : [{ place: `${join(folder, file)}:${index + 1}`, text, line: parseLine(text) }],
    )
    logs.set(log, [...(logs.get(log) ?? []), ...placed])
  }
  return logs
}

type Readable = PlacedLine & { readonly line: AuditLine }

function newestOf(placed: readonly PlacedLine[]): Readable | undefined {
  return readable(placed).reduce<Readable | undefined>(
    (newest, each) => (newest === undefined || each.line.sequence > newest.line.sequence ? each : newest),
    undefined,
  )
}

function readable(placed: readonly PlacedLine[]): Readable[] {
  return placed.filter((each): each is Readable => each.line !== undefined)
}

function verifyLog(
  log: string,
  placed: readonly PlacedLine[],
  anchors: readonly AuditAnchor[],
  folder: string,
): AuditFinding[] {
  const findings: AuditFinding[] = []
  const report = (kind: AuditFindingKind, place: string, problem: string) =>
    findings.push({ kind, severity: kind === 'torn' ? 'note' : 'error', log, place, problem })
  const bySequence = new Map<number, Readable>()
  let highest = 0
  for (const each of readable(placed)) {
    const { sequence } = each.line
    const other = bySequence.get(sequence)
    if (other !== undefined) {
      const same = other.text === each.text
      report(
        'inserted',
        each.place,
        `line ${sequence} of the log is there ${same ? 'twice' : 'twice, with different contents'}`,
      )
      continue
    }
    if (sequence < highest) report('reordered', each.place, `line ${sequence} of the log stands after line ${highest}`)
    highest = Math.max(highest, sequence)
    bySequence.set(sequence, each)
  }
  const ordered = [...bySequence.values()].sort((a, b) => a.line.sequence - b.line.sequence)
  let before: Readable | undefined
  let gaps = 0
  for (const each of ordered) {
    const { sequence, previous } = each.line
    const expected = (before?.line.sequence ?? 0) + 1
    if (sequence !== expected) {
      gaps++
      const which = sequence - expected === 1 ? `line ${expected} is` : `lines ${expected} to ${sequence - 1} are`
      report('removed', each.place, `${which} missing before line ${sequence} of the log`)
    } else if (previous !== (before === undefined ? '' : digestOfLine(before.text))) {
      const place = before?.place ?? each.place
      report(
        'changed',
        place,
        `line ${before?.line.sequence ?? sequence} of the log is not what it was when line ${sequence} was written`,
      )
    }
    before = each
  }
  for (const { line, place } of placed) {
    if (line !== undefined) continue
    if (gaps > 0) report('changed', place, 'a line cannot be read, and lines are missing')
    else report('torn', place, 'a line was cut short, as by a crash; no line is missing')
  }
  for (const { sequence, digest } of anchors) {
    const there = bySequence.get(sequence)
    if (there === undefined) {
      if (sequence < highest) continue
      const end = before?.place ?? folder
      report('truncated', end, `the log ends with line ${highest}, and it has had ${sequence}`)
    } else if (digestOfLine(there.text) !== digest) {
      report('changed', there.place, `line ${sequence} of the log is not the one that is remembered`)
    }
  }
  return findings.filter((finding, index) => findings.findIndex((other) => same(other, finding)) === index)
}

/** An anchor and the next line can tell of the same change. */
function same(one: AuditFinding, other: AuditFinding): boolean {
  return (
    one.kind === other.kind && one.place === other.place && (one.kind === 'changed' || one.problem === other.problem)
  )
}

function knownAnchors(context: AuditLogContext, files: FileSystem): AuditAnchor[] {
  const head = readVersioned<AuditHead>(files, headFile(context.state, context.keep))
  return [...(head === undefined ? [] : [head]), ...rememberedHeads(context)]
}

/** The ends of logs as they were when this machine last verified them. */
export function rememberedHeads(context: AuditLogContext): readonly AuditAnchor[] {
  const verified = readVersioned<{ readonly heads: readonly AuditAnchor[] }>(auditFiles(context), verifiedFile(context))
  return verified?.heads ?? []
}

function readVersioned<T>(files: FileSystem, file: string): T | undefined {
  try {
    const bytes = readIfPresent(files, file)
    const content = bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString())
    return content?.version === 1 ? content : undefined
  } catch {
    return undefined
  }
}

function verifiedFile({ state, keep }: AuditLogContext): string {
  return join(stateLayout.seen(state), `audit+${keep}+verified.json`)
}
