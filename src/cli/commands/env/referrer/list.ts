import { EscError } from '../../../../errors.ts'
import { listReferrers, type Referrer, refuseVersion } from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { boolean, count } from '../../../framework/flags.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT } from '../../../framework/shared-flags.ts'
import { tableFor } from '../../../terminal/index.ts'

const LIMIT = 500

const flags = {
  count: count({ description: `list at most so many, up to ${LIMIT} (default: all)` }),
  all: boolean({ description: 'list all, however many there are' }),
  'all-revisions': boolean({ description: 'look into earlier revisions of the referrers too' }),
  'latest-stack-version-only': boolean({
    description: 'accepted for scripts of the hosted service; a store knows no stacks',
  }),
  ...OUTPUT_FLAG,
}

export default class EnvReferrerList extends EscCommand<readonly Referrer[], typeof flags> {
  static override id = 'env:referrer:list'
  static override summary = 'List the environments that import or refer to an environment.'
  static override description =
    `Lists the environments of the store that import an environment or refer to it, by the version they use. Look here before you
remove an environment, a tag or a revision.`
  static override examples = [
    { description: 'Who imports it', command: 'esc env referrer list rotators/ci' },
    {
      description: 'Who ever did, for a script',
      command: 'esc env referrer list rotators/ci --all-revisions --output json',
    },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = ENVIRONMENT
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<readonly Referrer[]> {
    const { count, all, 'all-revisions': allRevisions } = this.flags
    if (all && count !== undefined) {
      throw new EscError('usage', '--all and --count are mutually exclusive', { hint: 'give one of them' })
    }
    if (count !== undefined && (count < 0 || count > LIMIT)) {
      throw new EscError('usage', `--count must be in the range [1, ${LIMIT}]`, { hint: 'or give --all' })
    }
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'list')
    const { result: referrers } = await session.perform(listReferrers, reference, { allRevisions })
    return count ? referrers.slice(0, count) : referrers
  }

  text(referrers: readonly Referrer[]): string {
    return tableFor(
      this.io,
      ['revision', 'kind', 'referrer'],
      referrers.map(({ version, project, name, revision }) => [
        version,
        'environment',
        `${project}/${name}@${revision}`,
      ]),
    )
  }

  override json(referrers: readonly Referrer[]): unknown {
    const byVersion: Record<string, unknown[]> = {}
    for (const { version, project, name, revision } of referrers) {
      byVersion[version] ??= []
      byVersion[version].push({ environment: { project, name, revision } })
    }
    return { referrers: byVersion }
  }
}
