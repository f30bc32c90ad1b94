import { inspect } from 'node:util'
import { expect } from 'chai'
import { EscError } from '../../../src/errors.ts'
import {
  type AwsIamPending,
  type AwsIamState,
  awsIam,
  awsIamRotator,
  awsIamTiming,
} from '../../../src/rotators/issued/aws-iam/index.ts'

import { iamRegion, parseUserArn, regionFor } from '../../../src/rotators/issued/aws-iam/user-arn.ts'
import { secret } from '../../../src/secret.ts'
import { DroppedConnection, FakeFault, type FakeKey } from '../../fakes/iam.ts'
import { type Journal, resume, rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'
import { type AwsAccount, loginOf, managerRights, startAwsAccount, stateOf, userArn } from './aws-account.ts'

describe('aws-iam', () => {
  let account: AwsAccount
  beforeEach(async () => {
    account = await startAwsAccount()
  })
  afterEach(() => account.stop())

  const rotate = (state: AwsIamState | undefined, context = testContext(), journal?: Journal<AwsIamPending>) =>
    rotateOnce({ rotator: awsIam, inputs: account.inputs, state, context, ...(journal && { journal }) })

  /** Fails with an EscError, and the user's keys are as before. */
  async function refuses(state: AwsIamState | undefined, inputs = account.inputs): Promise<EscError> {
    const before = account.keyIds()
    let error: unknown
    try {
      await awsIam.plan({ inputs, state }, testContext())
    } catch (thrown) {
      error = thrown
    }
    expect(error).to.be.instanceOf(EscError)
    expect(account.keyIds()).to.deep.equal(before)
    const changes = account.iam.calls.filter(({ action }) => /^(Create|Delete)/.test(action))
    expect(changes).to.deep.equal([])
    return error as EscError
  }

  const secretOf = (id: string) => account.iam.find(id)?.key.secretAccessKey

  it('creates the first key and keeps nothing', async () => {
    const state = await rotate(undefined)
    expect(account.keyIds()).to.deep.equal([state.current.accessKeyId])
    expect(state.current.secretAccessKey.reveal()).to.equal(secretOf(state.current.accessKeyId))
    expect(state.current.createdAt).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(state).to.not.have.property('previous')
  })

  it('moves a key from current to previous to deleted', async () => {
    const first = await rotate(undefined)
    const second = await rotate(first)
    expect(second.previous).to.deep.include({ accessKeyId: first.current.accessKeyId })
    expect(second.previous!.secretAccessKey.reveal()).to.equal(first.current.secretAccessKey.reveal())
    expect(account.keyIds()).to.deep.equal([first.current.accessKeyId, second.current.accessKeyId])
    const third = await rotate(second)
    expect(account.keyIds()).to.deep.equal([second.current.accessKeyId, third.current.accessKeyId])
    expect(third.previous?.accessKeyId).to.equal(second.current.accessKeyId)
  })

  it('checks every key of the state, names the others, and changes nothing', async () => {
    const { iam, user, inputs } = account
    const [current, previous, foreign] = [iam.addKey(user), iam.addKey(user), iam.addKey(user)]
    previous.status = 'Inactive'
    const what = ({ accessKeyId }: FakeKey) => `access key ${accessKeyId} of user app`
    const checks = await awsIam.check!({ inputs, state: stateOf(current, previous) }, testContext())
    expect(checks).to.deep.equal([
      { credential: 'current', what: what(current), works: true },
      {
        credential: 'previous',
        what: what(previous),
        works: false,
        detail: 'refused at log-in: deleted, inactive, or not the secret of this key',
      },
      { credential: 'foreign', what: what(foreign), works: undefined, detail: 'not managed here' },
    ])
    expect(account.keyIds()).to.have.length(3)
    const wrong = stateOf({ ...current, secretAccessKey: 'canary-secret' })
    const refused = await awsIam.check!({ inputs, state: wrong }, testContext())
    expect(refused[0]).to.have.property('works', false)
    expect(inspect(refused, { depth: 9 })).to.not.include('canary-secret')
    expect(iam.calls.filter(({ action }) => /^(Create|Delete)/.test(action))).to.deep.equal([])
  })

  it('checks the keys of the state even where the others may not be listed', async () => {
    const { iam, user, inputs, manager } = account
    manager.allowed = []
    const context = testContext()
    const checks = await awsIam.check!({ inputs, state: stateOf(iam.addKey(user)) }, context)
    expect(checks.map(({ works }) => works)).to.deep.equal([true])
    expect(context.warnings.join()).to.include('AccessDenied')
  })

  describe('given what IAM lists', () => {
    let c: FakeKey
    let p: FakeKey
    const gone = (): FakeKey => ({ ...account.iam.addKey(account.manager), accessKeyId: 'AKIAGONE000000000000' })

    it('C: keeps C as previous', async () => {
      c = account.iam.addKey(account.user)
      const state = await rotate(stateOf(c))
      expect(state.previous?.accessKeyId).to.equal(c.accessKeyId)
      expect(account.keyIds()).to.deep.equal([c.accessKeyId, state.current.accessKeyId])
    })

    it('C, with a previous that is gone: keeps C', async () => {
      c = account.iam.addKey(account.user)
      const state = await rotate(stateOf(c, gone()))
      expect(state.previous?.accessKeyId).to.equal(c.accessKeyId)
    })

    it('P only: keeps P as the one live key, and warns', async () => {
      p = account.iam.addKey(account.user)
      const context = testContext()
      const state = await rotate(stateOf(gone(), p), context)
      expect(state.previous?.accessKeyId).to.equal(p.accessKeyId)
      expect(context.warnings.join()).to.include('AKIAGONE000000000000').and.to.include(p.accessKeyId)
    })

    it('U only: leaves it alone and warns of the limit', async () => {
      const u = account.iam.addKey(account.user)
      const context = testContext()
      const state = await rotate(undefined, context)
      expect(state).to.not.have.property('previous')
      expect(account.keyIds()).to.deep.equal([u.accessKeyId, state.current.accessKeyId])
      expect(context.warnings.join()).to.include(u.accessKeyId).and.to.include('limit')
    })

    it('P and C: deletes P', async () => {
      p = account.iam.addKey(account.user)
      c = account.iam.addKey(account.user)
      const plan = await awsIam.plan({ inputs: account.inputs, state: stateOf(c, p) }, testContext())
      expect(plan.steps).to.deep.equal([
        { action: 'delete', what: `access key ${p.accessKeyId} of user app (previous)` },
        { action: 'create', what: 'access key of user app' },
        { action: 'keep', what: `access key ${c.accessKeyId} of user app (current, becomes previous)` },
      ])
      const state = await rotate(stateOf(c, p))
      expect(account.keyIds()).to.deep.equal([c.accessKeyId, state.current.accessKeyId])
    })

    it('C and U: fails before any change and names the remedy', async () => {
      c = account.iam.addKey(account.user)
      const u = account.iam.addKey(account.user)
      const error = await refuses(stateOf(c))
      expect(error.message).to.include(u.accessKeyId).and.not.to.include(c.accessKeyId)
      expect(error.hint).to.include(`delete ${u.accessKeyId}`)
    })

    it('C and an inactive U: counts it to the limit', async () => {
      c = account.iam.addKey(account.user)
      account.iam.addKey(account.user, { status: 'Inactive' })
      await refuses(stateOf(c))
    })

    it('P and U: deletes P and warns', async () => {
      p = account.iam.addKey(account.user)
      const u = account.iam.addKey(account.user)
      const context = testContext()
      const state = await rotate(stateOf(gone(), p), context)
      expect(account.keyIds()).to.deep.equal([u.accessKeyId, state.current.accessKeyId])
      expect(state).to.not.have.property('previous')
      expect(context.warnings).to.have.length(2)
    })

    it('U and U: fails before any change', async () => {
      account.iam.addKey(account.user)
      account.iam.addKey(account.user)
      const error = await refuses(undefined)
      expect(error.message).to.include('are not managed here')
    })

    it('C inactive, P active: deletes C, keeps P, and says so', async () => {
      p = account.iam.addKey(account.user)
      c = account.iam.addKey(account.user, { status: 'Inactive' })
      const plan = await awsIam.plan({ inputs: account.inputs, state: stateOf(c, p) }, testContext())
      expect(plan.steps).to.deep.equal([
        { action: 'delete', what: `access key ${c.accessKeyId} of user app (current, inactive)` },
        { action: 'create', what: 'access key of user app' },
        { action: 'keep', what: `access key ${p.accessKeyId} of user app (previous)` },
      ])
      const context = testContext()
      const state = await rotate(stateOf(c, p), context)
      expect(account.keyIds()).to.deep.equal([p.accessKeyId, state.current.accessKeyId])
      expect(state.previous?.accessKeyId).to.equal(p.accessKeyId)
      expect(state.previous?.secretAccessKey.reveal()).to.equal(p.secretAccessKey)
      expect(context.warnings.join()).to.include('inactive at IAM').and.to.include(p.accessKeyId)
    })

    it('C active, P inactive: deletes P', async () => {
      p = account.iam.addKey(account.user, { status: 'Inactive' })
      c = account.iam.addKey(account.user)
      const state = await rotate(stateOf(c, p))
      expect(account.keyIds()).to.deep.equal([c.accessKeyId, state.current.accessKeyId])
      expect(state.previous?.accessKeyId).to.equal(c.accessKeyId)
    })

    it('C inactive alone: creates beside it, and says that it is inactive', async () => {
      c = account.iam.addKey(account.user, { status: 'Inactive' })
      const context = testContext()
      const state = await rotate(stateOf(c), context)
      expect(account.keyIds()).to.deep.equal([c.accessKeyId, state.current.accessKeyId])
      expect(context.warnings.join()).to.include(
        `${c.accessKeyId} of user app is \`current\` here, but inactive at IAM`,
      )
    })

    it('P inactive alone: never calls it the live one', async () => {
      p = account.iam.addKey(account.user, { status: 'Inactive' })
      const context = testContext()
      await rotate(stateOf(gone(), p), context)
      expect(context.warnings.join()).to.include('but is inactive at IAM').and.not.include('live one')
    })

    it('C inactive and U active: changes nothing, and names both ways out', async () => {
      c = account.iam.addKey(account.user, { status: 'Inactive' })
      const u = account.iam.addKey(account.user)
      const error = await refuses(stateOf(c))
      expect(error.hint)
        .to.include(`${c.accessKeyId}, is inactive: it may go instead`)
        .and.include(`take ${u.accessKeyId} in, as {"accessKeyId": "${u.accessKeyId}"`)
      expect(error.remedies).to.deep.equal([{ do: 'adopt-credential' }])
    })

    it('C and an inactive U: offers no adoption, which an inactive key would fail', async () => {
      c = account.iam.addKey(account.user)
      const u = account.iam.addKey(account.user, { status: 'Inactive' })
      const error = await refuses(stateOf(c))
      expect(error.message).to.include(`${u.accessKeyId} (inactive)`)
      expect(error.hint).to.include(`delete ${u.accessKeyId}`)
      expect(error.remedies).to.deep.equal([])
    })

    it('reads every page of the list', async () => {
      account.iam.pageSize = 1
      account.iam.addKey(account.user)
      account.iam.addKey(account.user)
      await refuses(undefined)
    })
  })

  describe('bad input', () => {
    for (const arn of [
      'arn:aws:iam::123456789012:role/app',
      'arn:aws:iam::123456789012:root',
      'arn:aws:iam::12345:user/app',
      'arn:aws:s3:::bucket',
      'app',
      'arn:aws:iam::123456789012:user/',
    ]) {
      it(`refuses the ARN ${arn}`, async () => {
        const error = await refuses(undefined, { ...account.inputs, userArn: arn })
        expect(error.code).to.equal('invalid_input')
        expect(error.message).to.include(arn)
      })
    }

    it('refuses a user nobody knows', async () => {
      const error = await refuses(undefined, { ...account.inputs, userArn: 'arn:aws:iam::123456789012:user/nobody' })
      expect(error.message).to.include('NoSuchEntity').and.to.include('nobody')
    })

    it('refuses an ARN without the path of the user', async () => {
      const error = await refuses(undefined, { ...account.inputs, userArn: 'arn:aws:iam::123456789012:user/app' })
      expect(error.hint).to.equal(`write userArn: ${userArn}`)
    })

    it('refuses a login of another account, where a user of the same name may live', async () => {
      const stranger = account.iam.addUser('arn:aws:iam::999999999999:user/team/app', ['*'])
      const login = loginOf(account.iam.addKey(stranger))
      const error = await refuses(undefined, { ...account.inputs, login })
      expect(error.message).to.include('999999999999')
    })

    it('refuses a region of another partition', async () => {
      const error = await refuses(undefined, { ...account.inputs, region: 'cn-north-1' })
      expect(error.message).to.include('cn-north-1')
    })

    it('refuses to delete the key its login uses', async () => {
      account.user.allowed = managerRights
      const p = account.iam.addKey(account.user)
      const c = account.iam.addKey(account.user)
      const error = await refuses(stateOf(c, p), { ...account.inputs, login: loginOf(p) })
      expect(error.message).to.include(p.accessKeyId)
    })

    it('says whose secret is wrong, and shows neither it nor the session token', async () => {
      const login = { ...account.inputs.login, secretAccessKey: secret('wr0ng'), sessionToken: secret('t0ken') }
      account.iam.removeKey(account.manager, account.managerKey.accessKeyId)
      account.iam.addKey(account.manager, { ...account.managerKey, sessionToken: 't0ken' })
      const error = await refuses(undefined, { ...account.inputs, login })
      expect(error.message).to.include('SignatureDoesNotMatch').and.to.include(login.accessKeyId)
      expect(inspect(error, { depth: 20, showHidden: true })).to.not.match(/wr0ng|t0ken/)
    })

    it('says that the login is unknown', async () => {
      account.managerKey.status = 'Inactive'
      const error = await refuses(undefined)
      expect(error.message).to.include('InvalidClientTokenId')
    })

    it('says which right is missing when the keys may not be listed', async () => {
      account.manager.allowed = []
      const error = await refuses(undefined)
      expect(error.message).to.include('AccessDenied').and.to.include('iam:')
      expect(error.hint).to.include('iam:ListAccessKeys')
    })

    it('says that AWS cannot be reached, and where', async () => {
      await account.iam.stop()
      const error = await refuses(undefined)
      expect(error.message).to.match(/ECONNREFUSED: 127\.0\.0\.1:\d+$/)
      account = await startAwsAccount()
    })
  })

  it('needs no right but list, create and delete', async () => {
    account.manager.allowed = ['iam:ListAccessKeys', 'iam:CreateAccessKey', 'iam:DeleteAccessKey']
    const state = await rotate(await rotate(await rotate(undefined)))
    expect(account.keyIds()).to.deep.equal([state.previous!.accessKeyId, state.current.accessKeyId])
  })

  it('deletes nothing when it may not create', async () => {
    const state = await rotate(await rotate(undefined))
    const before = account.keyIds()
    account.manager.allowed = ['iam:ListAccessKeys', 'iam:DeleteAccessKey']
    const error = await failure(rotate(state))
    expect(error.message).to.include('AccessDenied').and.to.include('iam:CreateAccessKey')
    expect(account.keyIds()).to.deep.equal(before)
  })

  it('warns when the key it deletes was current less than ten minutes ago', async () => {
    const state = await rotate(await rotate(undefined))
    const context = testContext()
    await rotate(state, context)
    expect(context.warnings.join()).to.include('less than 10 minutes ago')
  })

  it('waits until a new key is known, and wants three successes in a row', async () => {
    account.iam.unknownFor = 3
    const context = testContext()
    const state = await rotate(undefined, context)
    const asNewKey = account.iam.calls.filter(({ accessKeyId }) => accessKeyId === state.current.accessKeyId)
    expect(asNewKey.map(({ outcome }) => outcome)).to.deep.equal([
      ...Array(3).fill('InvalidClientTokenId'),
      ...Array(3).fill('OK'),
    ])
    expect(context.slept()).to.equal(1_000 + 2_000 + 4_000 + 2 * awsIamTiming.successWaitMs)
  })

  it('counts the successes anew when the key is forgotten again', async () => {
    let asked = 0
    account.iam.hooks = {
      before({ action, accessKeyId }) {
        if (action !== 'GetCallerIdentity' || accessKeyId === account.managerKey.accessKeyId) return
        if (++asked === 3) throw new FakeFault(403, 'InvalidClientTokenId', 'unknown')
      },
    }
    await rotate(undefined)
    expect(asked).to.equal(6)
  })

  it('deletes a key that is never known, and says so', async () => {
    account.iam.unknownFor = 1_000
    const context = testContext()
    const error = await failure(rotate(undefined, context))
    expect(error.message).to.include('InvalidClientTokenId').and.to.include('it was deleted')
    expect(account.keyIds()).to.deep.equal([])
    expect(context.slept()).to.equal(awsIamTiming.totalWaitMs)
  })

  it('deletes a key whose signature is refused, at once', async () => {
    account.iam.hooks = {
      before({ accessKeyId }) {
        if (accessKeyId !== account.managerKey.accessKeyId) throw new FakeFault(403, 'SignatureDoesNotMatch', 'no')
      },
    }
    const context = testContext()
    const error = await failure(rotate(undefined, context))
    expect(error.message).to.include('SignatureDoesNotMatch')
    expect(context.slept()).to.equal(0)
    expect(account.keyIds()).to.deep.equal([])
  })

  it('keeps the record while the new key cannot be tried, and finishes later', async () => {
    account.iam.hooks = {
      before({ action, accessKeyId }) {
        if (action === 'GetCallerIdentity' && accessKeyId !== account.managerKey.accessKeyId)
          throw new DroppedConnection()
      },
    }
    const journal: Journal<AwsIamPending> = { pending: undefined }
    const timing = { ...awsIamTiming, totalWaitMs: 2_000 }
    const run = { rotator: awsIamRotator(timing), inputs: account.inputs, state: undefined, journal }
    await failure(rotateOnce({ ...run, context: testContext() }))
    expect(journal.pending?.phase).to.equal('created')
    expect(account.keyIds()).to.have.length(1)
    account.iam.hooks = {}
    const reconciled = await resume({ ...run, context: testContext() })
    expect(reconciled).to.have.property('kind', 'rotated')
  }).timeout(60_000)

  it('sends CreateAccessKey once when the answer is lost, and deletes the key nobody knows', async () => {
    account.iam.hooks = {
      after({ action }) {
        if (action === 'CreateAccessKey') throw new DroppedConnection()
      },
    }
    const error = await failure(rotate(undefined))
    expect(error.message).to.include('iam:CreateAccessKey')
    expect(account.iam.calls.filter(({ action }) => action === 'CreateAccessKey')).to.have.length(1)
    expect(account.keyIds()).to.deep.equal([])
  })

  it('waits for a lost key that is not listed yet', async () => {
    account.iam.unlistedFor = 4
    account.iam.hooks = {
      after({ action }) {
        if (action === 'CreateAccessKey') throw new DroppedConnection()
      },
    }
    await failure(rotate(undefined))
    expect(account.keyIds()).to.deep.equal([])
  })

  it('believes the clock of AWS about when a key was made', async () => {
    account.iam.clockOffsetMs = 4 * 60_000
    account.iam.hooks = {
      after({ action }) {
        if (action === 'CreateAccessKey') throw new DroppedConnection()
      },
    }
    await failure(rotate(undefined))
    expect(account.keyIds()).to.deep.equal([])
  })

  it('works with a clock so wrong that AWS refuses its first signatures', async () => {
    account.iam.clockOffsetMs = 3_600_000
    const state = await rotate(await rotate(await rotate(undefined)))
    expect(account.keyIds()).to.deep.equal([state.previous!.accessKeyId, state.current.accessKeyId])
  })

  describe('after a crash around CreateAccessKey', () => {
    const creating = (seen: readonly string[], at = new Date()): AwsIamPending => ({
      phase: 'creating',
      userArn,
      seen,
      listedAt: at.toISOString(),
      stagedAt: at.toISOString(),
    })
    const reconcile = (pending: AwsIamPending, state?: AwsIamState) =>
      awsIam.reconcile(pending, { inputs: account.inputs, state }, testContext())

    it('leaves a key that was seen before', async () => {
      const u = account.iam.addKey(account.user)
      expect(await reconcile(creating([u.accessKeyId]))).to.have.property('kind', 'undone')
      expect(account.keyIds()).to.deep.equal([u.accessKeyId])
    })

    it('leaves a key of our state', async () => {
      const c = account.iam.addKey(account.user)
      await reconcile(creating([]), stateOf(c))
      expect(account.keyIds()).to.deep.equal([c.accessKeyId])
    })

    it('leaves a key that was made before or long after', async () => {
      const at = new Date()
      account.iam.addKey(account.user, { createdAt: new Date(at.getTime() - 10_000) })
      account.iam.addKey(account.user, { createdAt: new Date(at.getTime() + 3_600_000) })
      expect(await reconcile(creating([], at))).to.have.property('kind', 'undone')
      expect(account.keyIds()).to.have.length(2)
    })

    it('leaves a key that was used', async () => {
      account.iam.addKey(account.user, { lastUsedAt: new Date() })
      await reconcile(creating([]))
      expect(account.keyIds()).to.have.length(1)
    })

    it('deletes the one that was not seen', async () => {
      const u = account.iam.addKey(account.user)
      const lost = account.iam.addKey(account.user)
      const reconciled = await reconcile(creating([u.accessKeyId]))
      expect(reconciled).to.have.property('kind', 'undone')
      expect(reconciled).to.have.property('reason').that.includes(lost.accessKeyId)
      expect(account.keyIds()).to.deep.equal([u.accessKeyId])
    })

    it('touches neither of two it cannot tell apart', async () => {
      account.iam.addKey(account.user)
      account.iam.addKey(account.user)
      const error = await failure(reconcile(creating([])))
      expect(error).to.have.property('code', 'conflict')
      expect(account.keyIds()).to.have.length(2)
    })

    it('does not wait when the crash is long ago', async () => {
      const context = testContext()
      const pending = creating([], new Date(Date.now() - 3_600_000))
      await awsIam.reconcile(pending, { inputs: account.inputs, state: undefined }, context)
      expect(context.slept()).to.equal(0)
    })

    it('refuses to reconcile when the definition names another user by now', async () => {
      const inputs = { ...account.inputs, userArn: 'arn:aws:iam::123456789012:user/other' }
      const error = await failure(awsIam.reconcile(creating([]), { inputs, state: undefined }, testContext()))
      expect(error).to.have.property('code', 'conflict')
      expect(error.message).to.include(userArn)
    })
  })

  it('never takes a key made by somebody else at that moment for its own', async () => {
    const c = account.iam.addKey(account.user)
    let foreign: FakeKey | undefined
    account.iam.hooks = {
      before({ action }) {
        if (action === 'CreateAccessKey' && foreign === undefined) foreign = account.iam.addKey(account.user)
      },
    }
    const error = await failure(rotate(stateOf(c)))
    expect(error.message).to.include('LimitExceeded')
    expect(account.keyIds()).to.deep.equal([c.accessKeyId, foreign!.accessKeyId])
  })

  for (const [when, action] of [
    ['listing', 'ListAccessKeys'],
    ['making room', 'DeleteAccessKey'],
  ])
    it(`creates no key once the machine has slept while ${when}, since nobody would look for it`, async () => {
      const [p, c] = [account.iam.addKey(account.user), account.iam.addKey(account.user)]
      const context = testContext()
      account.iam.hooks = {
        async after(call) {
          if (call.action === action) await context.sleep(120_000)
        },
      }
      const error = await failure(rotate(stateOf(c, p), context))
      expect(error.message).to.match(/12[0-9] s have passed since the rotation began, so no access key was created/)
      const made = account.keyIds().filter((id) => id !== c.accessKeyId && id !== p.accessKeyId)
      expect(made).to.deep.equal([])
      account.iam.hooks = {}
      const next = await rotate(stateOf(c, p))
      expect(account.keyIds()).to.deep.equal([c.accessKeyId, next.current.accessKeyId])
    })

  it('deletes the superseded key afterwards when there was room without that', async () => {
    const p = account.iam.addKey(account.user)
    const c = account.iam.addKey(account.user)
    account.iam.hooks = {
      before({ action }) {
        if (action === 'CreateAccessKey') account.iam.removeKey(account.user, c.accessKeyId)
      },
    }
    const state = await rotate(stateOf(c, p))
    expect(account.keyIds()).to.deep.equal([state.current.accessKeyId])
  })

  it('never deletes the key that has become current and active while a run was cut off', async () => {
    const { iam, user, inputs } = account
    const p = iam.addKey(user)
    const c = iam.addKey(user)
    const made = iam.addKey(user)
    const record: AwsIamPending = {
      phase: 'created',
      userArn,
      key: { accessKeyId: made.accessKeyId, secretAccessKey: secret(made.secretAccessKey) },
      previousId: p.accessKeyId,
      retireId: c.accessKeyId,
    }
    await awsIam.reconcile(record, { inputs, state: stateOf(c, p) }, testContext())
    expect(account.keyIds()).to.include(c.accessKeyId)
    c.status = 'Inactive'
    const reconciled = await awsIam.reconcile(record, { inputs, state: stateOf(c, p) }, testContext())
    expect(account.keyIds()).to.deep.equal([p.accessKeyId, made.accessKeyId])
    expect(reconciled).to.have.property('kind', 'rotated')
  })

  it('returns the state as it is when an earlier run committed the key', async () => {
    const journal: Journal<AwsIamPending> = { pending: undefined }
    const context = testContext()
    let record: AwsIamPending | undefined
    const state = await rotateOnce({
      rotator: awsIam,
      inputs: account.inputs,
      state: undefined,
      context,
      journal,
      onStage: () => {
        record = journal.pending
      },
    })
    const reconciled = await awsIam.reconcile(record!, { inputs: account.inputs, state }, context)
    expect(reconciled).to.deep.equal({ kind: 'rotated', state })
    const later = await rotate(state)
    expect(await awsIam.reconcile(record!, { inputs: account.inputs, state: later }, context)).to.deep.equal({
      kind: 'rotated',
      state: later,
    })
  })

  it('opens what the state holds, dates by either name', () => {
    const key = { accessKeyId: 'AKIAX', secretAccessKey: secret('s') }
    expect(awsIam.open(undefined)).to.equal(undefined)
    expect(awsIam.open({ current: { ...key, createDate: '2025-02-19T00:00:00Z' }, previous: key })).to.deep.equal({
      current: { ...key, createdAt: '2025-02-19T00:00:00Z' },
      previous: key,
    })
  })

  it('knows partitions', () => {
    const china = parseUserArn('arn:aws-cn:iam::123456789012:user/a/b/c')
    expect(china).to.deep.equal({ partition: 'aws-cn', account: '123456789012', userName: 'c' })
    expect(regionFor(china, undefined)).to.equal('cn-north-1')
    expect(regionFor(parseUserArn('arn:aws-us-gov:iam::123456789012:user/a'), undefined)).to.equal('us-gov-west-1')
    expect(regionFor(parseUserArn(userArn), undefined)).to.equal('us-east-1')
    expect(regionFor(parseUserArn(userArn), 'eu-west-1')).to.equal('eu-west-1')
    expect(['eu-west-1', 'cn-northwest-1', 'us-gov-east-1', 'us-iso-west-1'].map(iamRegion)).to.deep.equal([
      'us-east-1',
      'cn-north-1',
      'us-gov-west-1',
      'us-iso-west-1',
    ])
  })
})

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('expected a failure')
}
