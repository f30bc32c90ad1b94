import { EscError } from '../../../errors.ts'
import { parseCredential, parseRotatorPath, refuseVersion } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { readText } from '../../framework/definition-input.ts'
import { boolean, text } from '../../framework/flags.ts'
import { type RequestedRotation, rotationExitCode, rotationText, runRotation } from '../../framework/rotating.ts'
import { openTarget } from '../../framework/session.ts'
import { ProgressBlock } from '../../terminal/index.ts'

const flags = {
  failed: boolean({ description: 'retry the paths that failed last time, and only those' }),
  resume: boolean({ description: 'only finish what an interrupted rotation left behind' }),
  plan: boolean({ description: 'say what would be done; change nothing' }),
  force: boolean({
    description: 'rotate although it was done a moment ago; with --resume, give up rotations whose history is lost',
  }),
  yes: boolean({ description: 'the same as --force', char: 'y' }),
  adopt: text({
    description:
      'take a credential made by hand into the state at the path: JSON from a file, or from standard input with -',
    value: 'file',
  }),
  ...OUTPUT_FLAG,
}

export default class EnvRotate extends EscCommand<RequestedRotation, typeof flags> {
  static override id = 'env:rotate'
  static override summary = 'Rotate the credentials of an environment now.'
  static override description =
    `Rotates all credentials of an environment, or those at the given paths. Each new credential is tested before it is saved. The previous one
stays valid until the next rotation. All successful paths become one new revision.

If some paths fail, the others are saved, the failed ones are listed and the exit code is 3; --failed retries only those. After a crash or
Ctrl-C, the next rotation (or --resume) finishes what was begun.

A second rotation invalidates the credential that was current before the first one, and that may still be in use. Within ten
minutes of the last rotation (rotationGuard in settings.yaml), the command therefore asks, or needs --force.`
  static override examples = [
    { description: 'Rotate everything in an environment', command: 'esc env rotate rotators/ci' },
    { description: 'Rotate one credential', command: 'esc env rotate rotators/ci database.user' },
    { description: 'See what would happen', command: 'esc env rotate rotators/ci --plan' },
    {
      description: 'Take an access key that was made by hand into the state, so that rotation goes on with it',
      command: 'esc env rotate rotators/ci aws.user --adopt key.json',
    },
    { description: 'Retry what failed', command: 'esc env rotate rotators/ci --failed' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment', required: true },
    paths: { description: 'paths of the rotators to rotate, below values (default: all)', multiple: true },
  }
  static override count = { kind: 'any' } as const

  async run(): Promise<RequestedRotation> {
    const progress = new ProgressBlock(this.io)
    const io = progress.above(this.io)
    const { session, reference, rest } = openTarget(io, this.flags, this.positionals)
    const { failed, resume, plan, force, yes, adopt } = this.flags
    refuseVersion(reference, 'rotate')
    const modes = [failed && '--failed', resume && '--resume', plan && '--plan', adopt && '--adopt'].filter(Boolean)
    if (modes.length > 1)
      throw new EscError('usage', `${modes.join(' and ')} exclude each other`, { hint: 'give one of them' })
    if (rest.length > 0 && (failed || resume)) {
      throw new EscError('usage', `${modes[0]} chooses the paths itself`, { hint: `leave out ${rest.join(' ')}` })
    }
    if (adopt !== undefined && rest.length !== 1) {
      throw new EscError('usage', '--adopt takes one path', { hint: 'name the rotator whose credential it is' })
    }
    const mode = failed ? 'failed' : resume ? 'resume' : plan ? 'plan' : adopt === undefined ? 'rotate' : 'adopt'
    const words = { file: 'could not read file', stdin: 'could not read from stdin' }
    const credential = adopt === undefined ? {} : { credential: parseCredential(await readText(this.io, adopt, words)) }
    const typed = this.flags.env ?? (this.positionals[0] as string)
    const input = { paths: rest.map(parseRotatorPath), mode, force: force || yes, ...credential } as const
    const explains = this.flags.output === 'text'
    return runRotation({ session, reference, typed, io: this.io, progress, explains }, input)
  }

  text(run: RequestedRotation): string {
    return rotationText(run)
  }

  /** Adds the members that the hosted service answers a rotation with. */
  override json({ report: { event, quoted: _, ...report } }: RequestedRotation): unknown {
    return { ...(event && { id: event.id, secretRotationEvent: event }), ...report }
  }

  override exitCode(run: RequestedRotation): number {
    return rotationExitCode(run)
  }
}
