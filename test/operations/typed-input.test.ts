import { expect } from 'chai'
import { createWebhook, removeValue, removeValues, Session, setValue, setValues } from '../../src/operations/index.ts'
import { SampleStore } from './sample-store.ts'

/** What the command line never hands on, but a program may. */
describe('an operation that gets input which no words stand for', () => {
  let store: SampleStore
  let session: Session

  before(async () => {
    store = await SampleStore.make()
    session = new Session(store.workspace('ada@example.com'))
  })
  after(() => store.remove())

  const codeOf = (performed: Promise<unknown>) =>
    performed.then(
      () => 'done',
      ({ code, message }) => `${code}: ${message}`,
    )
  const dev = () => session.reference('app/dev')
  const empty = 'usage: path must contain at least one element'

  it('removes and sets no values as a whole', async () => {
    const before = store.git('rev-parse', 'HEAD')
    const set = { path: [], value: 1, plaintext: true }
    const tries = [
      session.perform(removeValue, dev(), []),
      session.perform(removeValues, dev(), [['token'], []]),
      session.perform(setValue, dev(), { ...set, value: async () => 1 }),
      session.perform(setValues, dev(), [set]),
    ]
    for (const performed of tries) expect(await codeOf(performed)).to.equal(empty)
    expect(store.git('rev-parse', 'HEAD')).to.equal(before)
  })

  it('makes no webhook with a header that cannot be sent, and does not show its value', async () => {
    const hook = { displayName: 'x', url: 'https://hooks.example.com/y', format: 'raw', active: true } as const
    const wrong: readonly Readonly<Record<string, string>>[] = [
      { Host: 'a' },
      { 'A B': 'tiger' },
      { A: 'tiger\r\nB: c' },
      { A: ' ' },
    ]
    for (const headers of wrong) {
      const input = { ...hook, events: [], groups: [], headers }
      const code = await codeOf(session.perform(createWebhook, dev(), input))
      expect(code, JSON.stringify(headers)).to.match(/^usage: invalid "header"/)
      expect(code).not.to.contain('tiger')
    }
  })
})
