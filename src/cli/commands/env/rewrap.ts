import { EscError } from '../../../errors.ts'
import { type Rewrapped, refuseVersion, rewrapKey, rewrapKeys } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { boolean } from '../../framework/flags.ts'
import { EXIT } from '../../framework/report-error.ts'
import { openSession } from '../../framework/session.ts'
import { worded } from '../../terminal/index.ts'

const flags = { all: boolean({ description: 'every environment of the store that has a key' }), ...OUTPUT_FLAG }

export default class EnvRewrap extends EscCommand<readonly Rewrapped[], typeof flags> {
  static override id = 'env:rewrap'
  static override summary = 'Re-encrypt data keys for the current recipients or key version.'
  static override description =
    `Re-encrypts the data key of an environment, without changing it: for an age recipient that was added, or with the newest version of a
cloud key. No new revision is made. You can also give a URL of the same kind, such as age://… with one more recipient.

This locks nobody out: people who could open the environment may have kept the data key. To remove somebody, use
"esc access remove" or "esc env change-secrets-provider". With --all, one failure does not stop the others. Your colleagues' machines recognize the
data key and ask nothing.`
  static override examples = [
    { description: 'After a recipient was added', command: 'esc env rewrap app/dev' },
    { description: 'Everything', command: 'esc env rewrap --all' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment; none with --all' },
    provider: { description: 'another URL of the same kind of secrets provider (default: the present one)' },
  }
  static override usesSelected = true
  static override count = { kind: 'atMost', count: 2 } as const

  async run(): Promise<readonly Rewrapped[]> {
    const words = this.flags.env === undefined ? this.positionals : [this.flags.env, ...this.positionals]
    if (this.flags.all ? words.length > 0 : words.length === 0) {
      throw new EscError('usage', this.flags.all ? '--all takes no environment' : 'expected an environment', {
        hint: 'name one, choose one with "esc select", or give --all',
      })
    }
    const session = openSession(this.io, this.flags)
    const [typed, secretsProvider] = words
    if (typed === undefined) return (await session.perform(rewrapKeys, undefined, {})).result
    const reference = session.reference(typed)
    refuseVersion(reference, 'rewrap')
    return [(await session.perform(rewrapKey, reference, { secretsProvider })).result]
  }

  text(rewrapped: readonly Rewrapped[]): string {
    return rewrapped.map(lineOf).join('')
  }

  override exitCode(rewrapped: readonly Rewrapped[]): number {
    return rewrapped.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.done
  }
}

function lineOf(rewrapped: Rewrapped): string {
  const { name } = rewrapped
  if (rewrapped.status === 'rewrapped') return `${name}: its data key is encrypted again under ${rewrapped.to}\n`
  const { error, hint } = rewrapped
  return `${name}: not rewrapped: ${error}\n${hint === undefined ? '' : `  hint: ${worded(hint)}\n`}`
}
