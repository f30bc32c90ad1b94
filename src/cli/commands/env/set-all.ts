import { EscError } from '../../../errors.ts'
import {
  givenValue,
  namingPath,
  parseValuePath,
  refuseVersion,
  setValues,
  type ValueAssignment,
} from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { boolean, list } from '../../framework/flags.ts'
import { refused } from '../../framework/report-error.ts'
import { type SavedRevision, savedRevision, savedText } from '../../framework/saved-text.ts'
import { openTarget } from '../../framework/session.ts'
import { ENVIRONMENT } from '../../framework/shared-flags.ts'
import { diagnosticLines, hasColour } from '../../terminal/index.ts'

const flags = {
  secret: list({
    description: 'a value to encrypt, kept as it is given; can be given several times',
    value: 'path=value',
    holdsValue: true,
  }),
  plaintext: list({
    description: 'a value to store in the clear even if it looks like a secret; can be given several times',
    value: 'path=value',
    holdsValue: true,
  }),
  string: boolean({ description: 'take the values as text, not as YAML: no ${…} in them is a reference' }),
  ...OUTPUT_FLAG,
}

export default class EnvSetAll extends EscCommand<SavedRevision, typeof flags> {
  static override id = 'env:set-all'
  static override busy = 'saving'
  static override summary = 'Set several values in one revision.'
  static override description =
    `Sets values at several paths and saves one new revision: all of them, or none. Each value is read as YAML, as in "esc env set".
A value that looks like a secret needs --secret or --plaintext. A value of --secret is stored byte for byte.`
  static override examples = [
    {
      description: 'Two values and a secret',
      command:
        'esc env set-all app/dev database.host=db.example.com database.port=5432 --secret "database.password=$PASSWORD"',
    },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    ...ENVIRONMENT,
    assignments: {
      description: 'path=value; write a path that holds = last, in quotes and brackets',
      multiple: true,
      holdsValue: true,
    },
  }
  static override count = { kind: 'any' } as const

  async run(): Promise<SavedRevision> {
    const { secret, plaintext, string } = this.flags
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'set-all')
    const plain = { secret: false, plaintext: false, form: string ? 'text' : undefined } as const
    const words = [
      ...rest.map((word) => ({ ...split(word), ...plain })),
      ...plaintext.map((word) => ({ ...split(word), ...plain, plaintext: true })),
      ...secret.map((word) => ({ ...split(word), ...plain, secret: true })),
    ]
    if (words.length === 0) {
      throw new EscError('usage', 'expected at least one path=value', { hint: 'for example: database.port=5432' })
    }
    const assignments: ValueAssignment[] = []
    for (const { path, text, plaintext, ...kind } of words) {
      const value = await namingPath(path, () => givenValue(text, kind))
      assignments.push({ path: parseValuePath(path), value, plaintext })
    }
    const { result: saved } = await session.perform(setValues, reference, assignments)
    this.io.err(diagnosticLines(saved.diagnostics, hasColour(this.io, 'stderr')))
    if (saved.kind === 'refused') throw refused(reference.name, saved.diagnostics)
    return savedRevision(saved)
  }

  text(saved: SavedRevision): string {
    return savedText(this.io, saved)
  }
}

/**
 * At the first `=` outside of brackets and quotes. The value stays out of the
 * message: it may be a secret.
 */
function split(word: string): { readonly path: string; readonly text: string } {
  const match = /^((?:\["(?:\\"|[^"])*"\]|\[[^\]]*\]|[^=["\]])+)=([\s\S]*)$/.exec(word)
  if (match !== null) return { path: match[1] as string, text: match[2] as string }
  throw new EscError('usage', 'expected path=value', {
    hint: 'write the path, an equals sign and the value as one word',
  })
}
