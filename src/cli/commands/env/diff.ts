import { EscError } from '../../../errors.ts'
import {
  comparedSide,
  diffSides,
  type EnvironmentDiff,
  locateComparison,
  parsePath,
  unknownFormat,
} from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { boolean, text } from '../../framework/flags.ts'
import { pageText } from '../../framework/page-text.ts'
import { openTarget, sessionRequest } from '../../framework/session.ts'
import { PAGER_FLAG } from '../../framework/shared-flags.ts'
import { hasColour, highlighted } from '../../terminal/index.ts'

const FORMATS = ['dotenv', 'json', 'detailed', 'shell', 'string'] as const

const flags = {
  format: text({
    description: `compare the values only, as one of ${FORMATS.join(', ')}`,
    char: 'f',
    value: 'format',
  }),
  'show-secrets': boolean({ description: 'show secrets in the clear' }),
  path: text({ description: 'compare the values at this path', value: 'path' }),
  ...PAGER_FLAG,
  ...OUTPUT_FLAG,
}

export default class EnvDiff extends EscCommand<EnvironmentDiff, typeof flags> {
  static override id = 'env:diff'
  static override busy = 'comparing'
  static override paged = true
  static override summary = 'Compare two revisions, or two environments.'
  static override description =
    `Compares the values and definitions of two revisions of an environment, or of two environments. With one revision, compares it with the
newest. No provider is called, and secrets show as [secret] without --show-secrets.`
  static override examples = [
    { description: 'What has changed since revision 2', command: 'esc env diff rotators/ci@2' },
    { description: 'What revision 3 changed', command: 'esc env diff rotators/ci@2 @3' },
    { description: 'Two environments', command: 'esc env diff app/dev rotators/ci' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment, with @ and a version if you like', required: true },
    other: { description: '@ and another version, or another environment (default: @latest)' },
  }
  static override count = { kind: 'between', least: 1, most: 2 } as const

  async run(): Promise<EnvironmentDiff> {
    const { format, path: typed, 'show-secrets': showSecrets } = this.flags
    const known = FORMATS.find((each) => each === format)
    if (format !== undefined && known === undefined) throw unknownFormat(format, FORMATS)
    const path = typed === undefined ? [] : parsePath(typed, (reason) => `invalid path: ${reason}`)
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    const { from, to } = locateComparison(sessionRequest(this.io, this.flags), { session, reference }, rest[0])
    if (path.length > 0 && (known === 'dotenv' || known === 'shell')) {
      throw new EscError('usage', `output format '${known}' may not be used with a property path`)
    }
    const options = { path, format: known, showSecrets }
    const { result: before } = await from.session.perform(comparedSide, from.reference, options)
    const { result: after } = await to.session.perform(comparedSide, to.reference, options)
    return diffSides(before, after)
  }

  text({ value, definition }: EnvironmentDiff): string {
    if (this.flags.format !== undefined) return hasColour(this.io, 'stdout') ? highlighted(value, 'diff') : value
    if (this.io.stdoutIsTerminal) {
      const sections = [
        { title: 'Value', syntax: 'diff', text: value },
        { title: 'Definition', syntax: 'diff', text: definition },
      ] as const
      return pageText(
        sections.filter(({ text }) => text !== ''),
        this.io,
      )
    }
    const block = (title: string, diff: string) => (diff === '' ? '' : `# ${title}\n\`\`\`diff\n${diff}\n\`\`\`\n`)
    return block('Value', value) + block('Definition', definition)
  }
}
