import { EscError } from '../../errors.ts'
import {
  deselectEnvironment,
  findSelection,
  listEnvironments,
  refuseVersion,
  requireEnvironment,
  selectEnvironment,
  writeFolderFile,
} from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { boolean } from '../framework/flags.ts'
import { openSession, openTarget, sessionRequest } from '../framework/session.ts'
import { askChoice } from '../terminal/index.ts'

const flags = {
  none: boolean({ description: 'select none any more' }),
  write: boolean({ description: 'write it into .esc.yaml of this folder, for everybody who works in it' }),
  force: boolean({ description: 'with --write, replace a .esc.yaml that is there', char: 'f' }),
  ...OUTPUT_FLAG,
}

interface Result {
  readonly selected: string | undefined
  /** The `.esc.yaml` that was written. */
  readonly file?: string
}

export default class Select extends EscCommand<Result, typeof flags> {
  static override id = 'select'
  static override summary = 'Choose the environment to use when none is named.'
  static override description =
    `Remembers an environment on this machine; in a folder with a .esc.yaml, for that folder. Commands then use it when you name no
environment, except "env rm" and "env init". Without a name, the command asks at a terminal, and shows the selected environment otherwise.`
  static override examples = [
    { description: 'Select an environment', command: 'esc select rotators/ci' },
    { description: 'Choose one for everybody who works in this folder', command: 'esc select rotators/ci --write' },
    { description: 'Select none any more', command: 'esc select --none' },
  ]
  static override flags = flags
  static override args = { environment: { description: 'the environment' } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<Result> {
    const { none } = this.flags
    const [typed] = this.positionals
    if (typed !== undefined) {
      if (none)
        throw new EscError('usage', '--none and an environment exclude each other', { hint: 'give one of them' })
      const { session, reference } = openTarget(this.io, this.flags, this.positionals)
      refuseVersion(reference, 'select')
      if (this.flags.write) {
        await session.perform(requireEnvironment, reference)
        const wish = { environment: reference.name, replace: this.flags.force }
        return { selected: reference.name, file: await writeFolderFile(session, this.io, wish) }
      }
      await session.perform(selectEnvironment, reference)
      return { selected: reference.name }
    }
    if (this.flags.write) throw new EscError('usage', '--write needs an environment', { hint: 'name one' })
    const session = openSession(this.io, this.flags)
    if (none) {
      await session.perform(deselectEnvironment, undefined)
      // The folder's `.esc.yaml` may name one.
      return { selected: findSelection(sessionRequest(this.io, this.flags), undefined)?.selected }
    }
    const { selected } = findSelection(sessionRequest(this.io, this.flags), undefined) ?? {}
    const own = { organization: session.organization, project: undefined }
    const { environments } = (await session.perform(listEnvironments, undefined, own)).result
    const choice = await askChoice(this.io, 'Which environment?', environments, selected)
    if (choice === undefined) return { selected }
    await session.perform(selectEnvironment, session.reference(choice))
    return { selected: choice }
  }

  text({ selected, file }: Result): string {
    if (file !== undefined) return `${file} names ${selected}.`
    return selected ?? 'No environment is selected.'
  }

  override json({ selected, file }: Result): unknown {
    return { selected: selected ?? null, ...(file !== undefined && { file }) }
  }
}
