import { EscError } from '../../../errors.ts'
import { type Cloned, cloneEnvironment, refuseVersion } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { boolean } from '../../framework/flags.ts'
import { openTarget, type Target } from '../../framework/session.ts'

const flags = {
  'preserve-history': boolean({ description: 'clone all revisions, not only the newest' }),
  'preserve-access': boolean({
    description: 'accepted for scripts of the hosted service; who can open a clone is whoever could open its source',
  }),
  'preserve-env-tags': boolean({ description: 'clone the tags of the environment' }),
  'preserve-rev-tags': boolean({ description: 'clone the tags of its revisions' }),
  ...OUTPUT_FLAG,
}

export default class EnvClone extends EscCommand<Cloned, typeof flags> {
  static override id = 'env:clone'
  static override busy = 'copying'
  static override summary = 'Copy an environment to a new one.'
  static override description =
    `Creates an environment with the definition of another one. Its secrets are re-encrypted with a key of its own. Rotators are copied
without their credentials, because two environments that rotate one credential would invalidate it for each other.`
  static override examples = [
    { description: 'Clone within the project', command: 'esc env clone app/dev staging' },
    {
      description: 'With history and tags, to another project',
      command: 'esc env clone rotators/ci archive/ci --preserve-history --preserve-rev-tags --preserve-env-tags',
    },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    source: { description: 'project and name of the environment to clone', required: true },
    destination: { description: 'name of the new environment, in another project if you like', required: true },
  }
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<Cloned> {
    const target = openTarget(this.io, this.flags, this.positionals, 'project')
    const { result: cloned } = await target.session.perform(cloneEnvironment, target.reference, {
      destination: destinationOf(target),
      preserveHistory: this.flags['preserve-history'],
      preserveEnvironmentTags: this.flags['preserve-env-tags'],
      preserveRevisionTags: this.flags['preserve-rev-tags'],
    })
    for (const path of cloned.dropped) {
      this.io.err(`warning: ${path}: cloned without its credential; "esc env rotate" makes the clone one of its own\n`)
    }
    return cloned
  }

  text({ from, to }: Cloned): string {
    return `Environment ${from} cloned into ${to}.`
  }

  override json({ from, to, dropped }: Cloned): unknown {
    return { from, to, withoutCredential: dropped }
  }
}

/** The second word, which is in the project of the source unless it names another. */
function destinationOf({ session, reference: source, rest }: Target) {
  refuseVersion(source, 'clone')
  if (!source.typed.includes('/')) {
    throw new EscError(
      'usage',
      "referring to an environment name ('env' or 'org/env') without a project is not supported",
      { hint: `write default/${source.typed}` },
    )
  }
  const project = source.name.split('/')[0] as string
  const typed = rest[0] as string
  const destination = session.reference(typed.includes('/') ? typed : `${project}/${typed}`)
  refuseVersion(destination, 'clone')
  return destination
}
