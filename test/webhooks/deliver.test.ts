import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  Announcements,
  type Delivery,
  deliverDue,
  hasDue,
  Outbox,
  type PostWebhook,
  secretsOf,
  type Webhook,
} from '../../src/webhooks/index.ts'
import { author, created } from '../store/worlds.ts'
import { HookedStore } from './store.ts'

const hours = 3_600_000

describe('deliveries of webhooks', () => {
  let hooked: HookedStore
  let webhook: Webhook
  let sent: string[]
  let status: number

  const post: PostWebhook = async ({ headers }) => {
    sent.push(headers['Pulumi-Webhook-ID']!)
    return { kind: 'answered', status, body: '' }
  }
  const deliver = (patienceMs = 0) => deliverDue(hooked.world(post), { patienceMs })
  const known = (): Delivery[] =>
    new Outbox(hooked.store.state.folder).of(hooked.store.environment('app/dev').id, webhook)
  const due = () => hasDue(hooked.store.state.folder, hooked.clock)
  const announcements = () => new Announcements(hooked.store.state.folder)
  let value = 0
  const save = () => hooked.save('app/dev', `values: {a: ${++value}}\n`)

  beforeEach(async () => {
    hooked = new HookedStore()
    sent = []
    status = 200
    await hooked.environment('app/dev')
    webhook = await hooked.hook('app/dev', { url: 'https://example.com/' })
  })
  afterEach(() => hooked.remove())

  it('are due as soon as something has happened, and no more once they are sent', async () => {
    expect(due()).to.equal(false)
    await save()
    expect(due()).to.equal(true)
    expect(await deliver()).to.deep.equal({ delivered: 1, failed: 0, waiting: 0 })
    expect(due()).to.equal(false)
  })

  it('are not made for what happened before there was the webhook', async () => {
    const { id } = hooked.store.environment('app/dev')
    const at = new Date(created.getTime() - 1).toISOString()
    const event = { kind: 'environment_tag', action: 'created', at, environment: { id, name: 'app/dev' }, user: author }
    announcements()
      .expect({ ...event, kind: 'environment_tag' }, { kind: 'rotation' })
      .happened()
    expect(await deliver()).to.deep.equal({ delivered: 0, failed: 0, waiting: 0 })
  })

  it('are tried ten times over a day, ever more rarely, under one id; then they have failed', async () => {
    status = 500
    await save()
    const start = hooked.clock
    const times: number[] = []
    const noting: PostWebhook = async (request) => {
      times.push((hooked.clock - start) / 1000)
      return post(request)
    }
    // It looks again each second, which is 86,400 times a day: all but the last look before an
    // attempt are left out.
    const sleep = async (ms: number) => {
      hooked.clock = Math.max(hooked.clock + Math.max(ms, 1), known()[0]?.due ?? 0)
    }
    const end = await deliverDue({ ...hooked.world(noting), sleep }, { patienceMs: 48 * hours })
    expect(end).to.deep.equal({ delivered: 0, failed: 1, waiting: 0 })
    expect(new Set(sent).size).to.equal(1)
    const waits = times.slice(1).map((time, index) => Math.round(time - times[index]!))
    expect(waits).to.deep.equal([1, 10, 60, 300, 900, 3600, 10_800, 21_600, 43_200])
    expect(hooked.clock - start).to.be.lessThan(24 * hours)
    expect(known()[0]).to.deep.include({ state: 'failed' })
    expect(known()[0]!.attempts).to.have.length(10)
  })

  it('are spread by chance, a quarter more or less', async () => {
    status = 500
    const dues: number[] = []
    for (const random of [0, 1]) {
      await save()
      await deliverDue({ ...hooked.world(post), random: () => random })
      dues.push(known().find(({ attempts }) => attempts.length === 1)!.due! - hooked.clock)
      hooked.clock += hours
      status = 200
      await deliver()
      status = 500
    }
    expect(dues).to.deep.equal([750, 1250])
  })

  it('wait as long as the receiver asks, and no longer than an hour', async () => {
    for (const [asked, wait] of [
      [30_000, 30_000],
      [999_999_000, hours],
    ] as const) {
      await save()
      await deliverDue(hooked.world(async () => ({ kind: 'answered', status: 429, body: '', retryAfterMs: asked })))
      expect(known()[0]!.due! - hooked.clock).to.equal(wait)
      hooked.clock += 2 * hours
      await deliver()
    }
  })

  it('are sent by one process at a time, which takes over what others have announced meanwhile', async () => {
    await save()
    let finish = () => {}
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    let isSending = () => {}
    const sending = new Promise<void>((resolve) => {
      isSending = resolve
    })
    const slow: PostWebhook = async (request) => {
      isSending()
      await held
      return post(request)
    }
    const first = deliverDue(hooked.world(slow))
    await sending
    await save()
    expect(await deliver()).to.deep.include({ busy: true })
    expect(sent).to.deep.equal([])
    finish()
    expect(await first).to.deep.include({ delivered: 2, waiting: 0 })
  })

  it('keep the last fifty that have ended, and at most two hundred that wait', async () => {
    for (let count = 0; count < 60; count++) {
      await save()
      await deliver()
    }
    expect(known().length).to.equal(50)
    expect(new Set(sent).size).to.equal(60)
    const environment = { id: hooked.store.environment('app/dev').id, name: 'app/dev' }
    const at = created.toISOString()
    for (let count = 0; count < 205; count++) {
      const event = { kind: 'environment_tag', action: 'created', at, environment, user: author } as const
      announcements().expect(event, { kind: 'rotation' }).happened()
    }
    status = 500
    await deliver()
    expect(known().filter(({ state }) => state === 'pending').length).to.equal(200)
    expect(known().filter(({ attempts }) => /others are waiting/.test(attempts[0]?.error ?? '')).length).to.equal(5)
  }).timeout(20_000)

  it('are not made twice when the process dies while it makes them', async () => {
    await save()
    const [event] = announcements().waiting()
    await deliver()
    announcements().happened(event!)
    expect(await deliver()).to.deep.equal({ delivered: 0, failed: 0, waiting: 0 })
    expect(sent.length).to.equal(1)
  })

  it('of what a dead process was about to do: sent if it was done, forgotten if it was not', async () => {
    const { id } = hooked.store.environment('app/dev')
    const about = { at: created.toISOString(), environment: { id, name: 'app/dev' }, user: author } as const
    const revision = await save()
    const { digest } = hooked.store.environment('app/dev').revision(revision)
    await deliver()
    sent.length = 0
    // Of a process that is gone.
    const gone = { self: () => ({ pid: 0, host: 'here' }), isGone: () => true }
    const dead = new Announcements(hooked.store.state.folder, undefined, gone)
    const event = { ...about, kind: 'environment_revision', action: 'created', revision } as const
    dead.expect(event, { kind: 'revision', number: revision, digest })
    dead.expect(event, { kind: 'revision', number: revision, digest: 'sha256:of-somebody-else' })
    dead.expect({ ...event, revision: 99 }, { kind: 'revision', number: 99, digest })
    const tag = { ...about, kind: 'environment_tag', action: 'created', tagName: 'a' } as const
    dead.expect(tag, { kind: 'field', field: 'tags', before: 'something else' })
    const { fieldDigest } = await import('../../src/webhooks/index.ts')
    const before = fieldDigest(hooked.store.environment('app/dev').settings, 'tags')
    dead.expect(tag, { kind: 'field', field: 'tags', before })
    const rotation = { ...about, kind: 'environment_rotation', action: 'rotation_failed', revision } as const
    dead.expect(rotation, { kind: 'rotation' })
    const bodies: string[] = []
    const reading: PostWebhook = async (request) => {
      bodies.push(request.body)
      return post(request)
    }
    await deliverDue({ ...hooked.world(reading), processes: gone })
    expect(bodies.map((body) => JSON.parse(body).action).sort()).to.deep.equal([
      'created',
      'created',
      'rotation_failed',
    ])
    expect(bodies.find((body) => body.includes('rotation_failed'))).to.contain('the next one finishes it')
    expect(announcements().any).to.equal(false)
  })

  it('go on past files that cannot be read', async () => {
    await save()
    await deliver()
    for (const place of ['events/x.json', 'events/y.expected', 'pending/z.json'])
      writeFileSync(join(hooked.store.state.folder, 'webhooks', place), '{')
    await save()
    expect(await deliver()).to.deep.include({ delivered: 1 })
  })

  it('never stop a revision from being saved', async () => {
    await save()
    await deliver()
    // Where the events belong there is a file.
    const events = join(hooked.store.state.folder, 'webhooks', 'events')
    const { rmSync } = await import('node:fs')
    rmSync(events, { recursive: true })
    writeFileSync(events, '')
    expect(await save()).to.equal(3)
    expect(hooked.warnings.join()).to.match(/^warning: webhooks were not told: /)
  })

  it('are signed with a secret that opens in one place only', async () => {
    const signed = await hooked.hook('app/dev', { url: 'https://example.com/', secret: 's3cr3t' })
    const key = await hooked.store.environment('app/dev').unlock()
    expect(secretsOf(signed, key)).to.deep.equal({ url: 'https://example.com/', secret: 's3cr3t' })
    expect(() => secretsOf({ ...signed, name: 'hook-1' }, key)).to.throw(/was changed, or was made for another/)
    expect(() => secretsOf({ ...signed, url: 'https://attacker.example/' }, key)).to.throw(/is not the one that/)
  })
})
