import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import type { EnvironmentContext } from '../../src/store/environment-context.ts'
import { Seals } from '../../src/store/keys/seals.ts'
import type { History } from '../../src/store/revisions/history.ts'
import type { Revision } from '../../src/store/revisions/revision-file.ts'
import type { SettingsFile } from '../../src/store/settings/settings-file.ts'
import { errorOf } from './worlds.ts'

const [before, after] = [1, 2].map((number) => ({ number, digest: `digest of ${number}`, file: `${number}.yaml` }))

/**
 * With revision 1 as it is there: `glance` is the digest of the first look at its file, `read` what
 * reading it finds.
 */
function seals(glance: string | undefined, read: () => unknown): Seals {
  const history = { files: { digestOf: () => glance }, revision: read } as unknown as History
  return new Seals({ name: 'app/dev' } as EnvironmentContext, history, {} as SettingsFile)
}

const second = (previous?: string) => ({ ...after, previous }) as unknown as Revision
const missing = () => {
  throw new EscError('not_found', 'no revision 1')
}

describe('the link between two revisions', () => {
  it('holds where the digest is that of the one before', () => {
    seals(before!.digest, missing).verifyLink(second(before!.digest))
  })

  it('holds where the folder was just being replaced when it was first looked at', () => {
    seals(undefined, () => before).verifyLink(second(before!.digest))
  })

  it('does not hold where there is nothing before, and nothing is said to be', async () => {
    const error = await errorOf(async () => seals(undefined, missing).verifyLink(second()))
    expect(error.code).to.equal('not_found')
  })

  it('does not hold where it names another one, or none', async () => {
    for (const previous of ['another digest', undefined]) {
      const error = await errorOf(async () => seals(before!.digest, () => before).verifyLink(second(previous)))
      expect(error.code).to.equal('tampered')
    }
  })
})
