import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import type { PlainObject } from '../../src/plain.ts'
import { Retries, type RetryPolicy, retryPolicy } from '../../src/rotation/retry.ts'
import { type PathRotation, planPath, rotatePath } from '../../src/rotation/rotate-path.ts'
import type { Rotator, RotatorContext } from '../../src/rotators/index.ts'
import { failure } from '../rotators/failure.ts'
import { type TestContext, testContext } from '../rotators/test-context.ts'
import { FakeVendor, fakeRotator } from './fake-vendor.ts'

const unreachable = () => new EscError('provider_failed', 'db:5432 is out of reach', { transient: true })
const three = retryPolicy({ tries: 3, budgetMs: 30_000 })

/** Throws `error` the first `times` times. */
function failing(times: number, error: () => unknown = unreachable): { (): Promise<string>; calls: number } {
  const attempt = async () => {
    if (++attempt.calls <= times) throw error()
    return 'done'
  }
  attempt.calls = 0
  return attempt
}

describe('Retries', () => {
  let context: TestContext
  const retries = (policy: RetryPolicy = three) => new Retries(policy, context)

  beforeEach(() => {
    context = testContext()
  })

  it('tries again after faults that pass, waits longer each time, and says so', async () => {
    const attempt = failing(2)
    expect(await retries().persist(attempt)).to.equal('done')
    expect(attempt.calls).to.equal(3)
    expect(context.slept()).to.equal(3_000)
    expect(context.messages).to.deep.equal([
      'db:5432 is out of reach; trying again in 1 s (try 2 of 3)',
      'db:5432 is out of reach; trying again in 2 s (try 3 of 3)',
    ])
  })

  it('gives up after the last try, with the error of that', async () => {
    const attempt = failing(9)
    expect((await failure(retries().persist(attempt))).message).to.equal('db:5432 is out of reach')
    expect(attempt.calls).to.equal(3)
  })

  it('does nothing again that failed for good', async () => {
    for (const error of [() => new EscError('provider_failed', 'refused'), () => new Error('a bug')]) {
      const attempt = failing(1, error)
      await failure(retries().persist(attempt))
      expect(attempt.calls).to.equal(1)
    }
    expect(context.slept()).to.equal(0)
  })

  it('shares its tries between the steps of a path', async () => {
    const both = retries()
    await both.persist(failing(1))
    const second = failing(2)
    await failure(both.persist(second))
    expect(second.calls).to.equal(2)
  })

  it('begins no try that the time does not allow', async () => {
    const attempt = failing(9)
    await failure(retries(retryPolicy({ tries: 10, budgetMs: 8_000 })).persist(attempt))
    expect(attempt.calls, 'after 0, 1, 3 and 7 s').to.equal(4)
    const slow = failing(9, () => {
      void context.sleep(35_000)
      return unreachable()
    })
    await failure(retries(retryPolicy({ tries: 10, budgetMs: 30_000 })).persist(slow))
    expect(slow.calls, 'the second try alone takes most of it').to.equal(2)
  })

  it('ends at once when the user stops the run while it waits', async () => {
    const attempt = failing(9, () => {
      context.interrupt()
      return unreachable()
    })
    expect((await failure(retries().persist(attempt))).code).to.equal('interrupted')
    expect(attempt.calls).to.equal(1)
  })

  it('doubles the waits up to 15 s', () => {
    expect(retryPolicy({ tries: 7, budgetMs: 0 }).waitsMs).to.deep.equal([1_000, 2_000, 4_000, 8_000, 15_000, 15_000])
  })
})

describe('rotatePath(), where the vendor is out of reach for a moment', () => {
  let vendor: FakeVendor
  let context: TestContext
  let leftover: PlainObject | undefined
  let phases: string[]

  beforeEach(() => {
    vendor = new FakeVendor()
    context = testContext()
    leftover = undefined
    phases = []
  })

  function rotation(change: Partial<Rotator> = {}): PathRotation {
    const rotator = { ...fakeRotator(vendor), ...change }
    return {
      rotator,
      request: { inputs: { name: 'one' }, state: undefined },
      journal: {
        leftover,
        async put(pending) {
          leftover = pending
        },
        async requireLock() {},
        async clear() {
          leftover = undefined
        },
      },
      context,
      retries: new Retries(three, context),
      begin: true,
      onProgress: (phase) => phases.push(phase),
    }
  }

  /** The named call fails the first `times` times. */
  function outage(call: string, times: number): void {
    let left = times
    vendor.before = (name) => {
      if (name === call && left-- > 0) throw unreachable()
    }
  }

  it('plans again', async () => {
    outage('list', 2)
    expect((await rotatePath(rotation())).how).to.equal('rotated')
    expect(vendor.log).to.deep.equal(['list', 'create', 'log in'])
  })

  it('plans again for a look', async () => {
    outage('list', 1)
    expect(await planPath(rotation())).to.have.lengthOf(1)
  })

  it('reconciles again, and keeps the record when the vendor stays away', async () => {
    outage('log in', 1)
    expect((await rotatePath(rotation())).how).to.equal('rotated')
    vendor.tokens.clear()
    outage('log in', 9)
    const error = await failure(rotatePath(rotation()))
    expect(error.message).to.equal('db:5432 is out of reach (what was begun is kept in the journal)')
    expect(leftover).to.have.property('new')
  })

  it('finishes what an earlier run left behind', async () => {
    const { journal } = rotation()
    const first = { ...rotation(), journal, retries: new Retries({ waitsMs: [], budgetMs: 0 }, context) }
    outage('log in', 1)
    await failure(rotatePath(first))
    outage('log in', 2)
    expect((await rotatePath({ ...rotation(), begin: false })).how).to.equal('resumed')
  })

  it('never rotates again once something was staged', async () => {
    outage('create', 1)
    const error = await failure(rotatePath(rotation()))
    expect(error.message).to.equal('db:5432 is out of reach')
    expect(vendor.log).to.deep.equal(['list', 'log in'])
    expect(leftover, 'undone, so nothing is left').to.equal(undefined)
    expect(context.slept()).to.equal(0)
  })

  it('plans and rotates anew where nothing was staged', async () => {
    const { rotate } = fakeRotator(vendor)
    let failed = false
    const begins: Rotator['rotate'] = async (plan, request, stage, of: RotatorContext) => {
      if (!failed) {
        failed = true
        throw unreachable()
      }
      return rotate(plan, request, stage, of)
    }
    expect((await rotatePath(rotation({ rotate: begins }))).how).to.equal('rotated')
    expect(vendor.log).to.deep.equal(['list', 'list', 'create', 'log in'])
    expect(phases).to.deep.equal(['planning', 'rotating', 'planning', 'rotating', 'verifying'])
  })
})
