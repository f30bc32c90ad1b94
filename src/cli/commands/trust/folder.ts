import { allowFolder, type FolderReview, forbidFolder } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { boolean } from '../../framework/flags.ts'

const flags = { remove: boolean({ description: 'take it back' }), ...OUTPUT_FLAG }

export default class TrustFolder extends EscCommand<FolderReview, typeof flags> {
  static override id = 'trust:folder'
  static override summary = 'Allow the .esc.yaml of a folder to use another store or a server.'
  static override description =
    `A .esc.yaml says which store and environment commands use in its folder. Within its git work tree it may choose any store. You must allow a store
outside, or a server, once on this machine: otherwise "esc run" in a project that you cloned could give your secrets to the programs of that
project. When the file changes its choice, you must allow it again.`
  static override examples = [
    { description: 'Allow the .esc.yaml of this folder, or of the nearest one above', command: 'esc trust folder' },
    { description: 'Take it back', command: 'esc trust folder --remove' },
  ]
  static override flags = flags
  static override count = { kind: 'exactly', count: 0 } as const

  async run(): Promise<FolderReview> {
    return this.flags.remove ? forbidFolder(this.io) : allowFolder(this.io)
  }

  text({ file, store, environment, allowed }: FolderReview): string {
    const verb = allowed ? 'may choose' : 'may no longer choose'
    const chosen = [
      ...(store === undefined ? [] : [`  store        ${store}`]),
      ...(environment === undefined ? [] : [`  environment  ${environment}`]),
    ]
    return [`On this machine, ${file} ${verb}`, ...chosen, ''].join('\n')
  }

  override json({ file, store, environment, allowed }: FolderReview): unknown {
    return { file, store: store ?? null, environment: environment ?? null, allowed }
  }
}
