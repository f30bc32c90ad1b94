import { resolve } from 'node:path'
import {
  type ForeignFile,
  type ImportedValues,
  importValues,
  parsePath,
  refuseVersion,
  requireEnvironment,
  type SessionHost,
} from '../../operations/index.ts'
import { diagnosticLines, hasColour } from '../terminal/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from './command.ts'
import { readText } from './definition-input.ts'
import { boolean, type FlagValues, text } from './flags.ts'
import { refused } from './report-error.ts'
import { newRevisionLine } from './saved-text.ts'
import { openTarget } from './session.ts'

/** Flags of all imports. */
export const IMPORT_FLAGS = {
  secret: boolean({ description: 'encrypt every value, not just those that are or may be secrets' }),
  path: text({ description: 'where to put the values, below values', value: 'path' }),
  create: boolean({ description: 'make the environment when it is not there' }),
  'dry-run': boolean({ description: 'show what would be imported and replaced, without values, and change nothing' }),
  ...OUTPUT_FLAG,
}

interface Result extends ImportedValues {
  readonly name: string
}

/** A file to import, as the readers get it. */
export interface ImportSource {
  readonly content: string
  /** The name that the user gave the file. */
  readonly source: string
  readonly host: SessionHost
  /** The absolute path of the file. Undefined: it is standard input. */
  readonly path: string | undefined
  /** Name of the environment that it is for. */
  readonly environment: string
}

/** `esc env import …`: reads a file of another program into an environment. */
export abstract class ImportCommand<F extends typeof IMPORT_FLAGS = typeof IMPORT_FLAGS> extends EscCommand<Result, F> {
  static override baseFlags = WRITE_FLAGS
  static override flags: typeof EscCommand.flags = IMPORT_FLAGS
  static override args = {
    environment: { description: 'the environment to import into', required: true },
    file: { description: 'the file, or - for standard input', required: true },
  }
  static override count = { kind: 'exactly', count: 2 } as const

  /** The place where the values go when --path does not say. */
  protected abstract readonly place: string

  protected abstract read(given: ImportSource): Promise<ForeignFile>

  async run(): Promise<Result> {
    const given: FlagValues<typeof IMPORT_FLAGS> = this.flags
    const { secret: allSecret, create, 'dry-run': plan, path: named } = given
    const target = openTarget(this.io, this.flags, this.positionals, create ? 'new' : 'existing')
    const { session, reference, rest } = target
    refuseVersion(reference, 'import')
    const refusePath = (reason: string) => `invalid path: ${reason}`
    const chosen = named && parsePath(named, refusePath)
    if (!create) await session.perform(requireEnvironment, reference)
    const name = rest[0] as string
    const content = await readText(this.io, name, {
      file: `could not read ${name}`,
      stdin: 'could not read from stdin',
    })
    const file = await this.read({
      content,
      source: name === '-' ? 'standard input' : name,
      path: name === '-' ? undefined : resolve(this.io.cwd, name),
      host: session.host,
      environment: reference.name,
    })
    const place = named ?? file.place ?? this.place
    const path = chosen || (place === '' ? [] : parsePath(place, refusePath))
    const request = { file, path, allSecret, create, plan }
    const { result: imported } = await session.perform(importValues, reference, request)
    const { saved, plain, warnings } = imported
    for (const warning of warnings) this.io.err(`warning: ${warning}\n`)
    this.io.err(diagnosticLines(saved.diagnostics, hasColour(this.io, 'stderr')))
    if (saved.kind === 'refused') throw refused(reference.name, saved.diagnostics)
    if (plain.length > 0) this.io.err(`Not encrypted: ${plain.join(', ')}. --secret encrypts everything.\n`)
    return { ...imported, name: reference.name }
  }

  text({ saved, secrets, plain, replaced, planned, imports, name }: Result): string {
    const count = secrets.length + plain.length
    const more = imports.length === 0 ? '' : ` and ${imports.length} import${imports.length === 1 ? '' : 's'}`
    const values = `${count} value${count === 1 ? '' : 's'} (${secrets.length} encrypted)`
    if (!planned) return `Imported ${values}${more} into '${name}'.\n${revisionText(saved)}`
    const paths = [...secrets.map((path) => `  ${path} (encrypted)\n`), ...plain.map((path) => `  ${path}\n`)].join('')
    const over = replaced.length === 0 ? '' : `Replaces: ${replaced.join(', ')}\n`
    return `Would import ${values}${more} into '${name}':\n${paths}${over}`
  }

  override json({ saved, secrets, plain, replaced, planned, imports, warnings, name }: Result): unknown {
    const { revision } = saved
    return { environment: name, revision, ...(planned && { planned }), secrets, plain, replaced, imports, warnings }
  }
}

function revisionText({ kind, revision }: ImportedValues['saved']): string {
  return kind === 'saved' ? newRevisionLine(revision) : 'It was all there already.'
}
