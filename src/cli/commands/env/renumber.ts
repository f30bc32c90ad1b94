import { EscError, hintOf, textOfError } from '../../../errors.ts'
import {
  environmentsToRenumber,
  type RenumberedEnvironment,
  refuseVersion,
  renumberEnvironment,
} from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { openSession } from '../../framework/session.ts'
import { worded } from '../../terminal/index.ts'

const flags = { ...OUTPUT_FLAG }

const MERGED = {
  'one-side': 'only one side had changed the definition',
  lines: 'both changes of the definition were put together',
  keys: 'both changes of the definition were put together, key by key',
  hand: 'the definition is what was written into environment.yaml',
} as const

export default class EnvRenumber extends EscCommand<readonly RenumberedEnvironment[], typeof flags> {
  static override id = 'env:renumber'
  static override summary = 'Resolve revision conflicts of an environment after a git merge.'
  static override description =
    `After a git merge, pull, rebase or cherry-pick in which both sides added revisions: keeps the numbers of the revisions that others
already have, gives the other revisions new numbers after them, and adds one revision that merges both sides.
After "git pull", your unpushed revisions get the new numbers. If neither side is on a remote, the current branch keeps its numbers. If both sides changed the same value, resolve environment.yaml by hand first.
The result is added to the git index; finish with "git commit". Without an environment, works on all conflicts that "esc check" finds.`
  static override examples = [
    { description: 'After a merge with conflicts', command: 'esc env renumber && git commit' },
    { description: 'One environment', command: 'esc env renumber app/dev' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = { environment: { description: 'the environment (default: all in conflict)' } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<readonly RenumberedEnvironment[]> {
    const session = openSession(this.io, this.flags)
    const typed = this.flags.env ?? this.positionals[0]
    const names = typed === undefined ? (await session.perform(environmentsToRenumber, undefined)).result : [typed]
    const done: RenumberedEnvironment[] = []
    const failures: { readonly name: string; readonly error: EscError }[] = []
    for (const name of names) {
      const reference = session.reference(name)
      refuseVersion(reference, 'renumber')
      try {
        done.push((await session.perform(renumberEnvironment, reference)).result)
      } catch (error) {
        // The others should not wait for a person.
        if (!(error instanceof EscError) || names.length === 1) throw error
        failures.push({ name, error })
      }
    }
    for (const { name, error } of failures) {
      const hint = hintOf(error)
      this.io.err(
        `Error: ${name}: ${worded(textOfError(error))}\n${hint === undefined ? '' : `hint: ${worded(hint)}\n`}`,
      )
    }
    for (const { name, notes } of done) for (const note of notes) this.io.err(`${name}: ${worded(note)}\n`)
    if (failures.length === 0) return done
    if (this.flags.output === 'text') this.io.out(this.text(done))
    throw new EscError('conflict', `${failures.length} of ${names.length} environments are still in conflict`, {
      hint: 'resolve them as said above, and run the command again',
    })
  }

  text(done: readonly RenumberedEnvironment[]): string {
    if (done.length === 0) return 'No environment is in conflict.\n'
    return `${done.map(describe).join('')}Finish with "git commit".\n`
  }
}

function describe({ name, revision, renumbered, side, definition }: RenumberedEnvironment): string {
  const moved = renumbered.map(({ from, to }) => `${from} is now ${to}`).join(', ')
  const whose = side === 'ours' ? 'your' : 'their'
  const changed = moved === '' ? '' : `  ${whose} revisions: ${moved}\n`
  return `Environment '${name}' has one history again; its newest revision is ${revision}.\n${changed}  ${MERGED[definition]}\n`
}
