import { expect } from 'chai'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import type { JsonObject } from '../../src/json.ts'
import { Settings } from '../../src/store/settings/settings.ts'

const id = '5f1cd0a3-1111-4222-8333-444455556666'

const handWritten = `# who may read this: see the wiki
id: ${id}
secretsProvider: awskms:///arn:aws:kms:us-east-1:1:key/x?region=us-east-1 # ours

tags:
    team:   platform   # two spaces

# protects production
deletionProtected: true
schedule:
- { cron: "0 3 * * *" }
- at: noon
# the end
`

describe('settings', () => {
  it('are read with comments, quotes and nesting', () => {
    const settings = new Settings(handWritten, 'settings.yaml')
    expect(settings.id).to.equal(id)
    expect(settings.secretsProvider).to.equal('awskms:///arn:aws:kms:us-east-1:1:key/x?region=us-east-1')
    expect(settings.deletionProtected).to.equal(true)
    expect(settings.get('tags')).to.deep.equal({ team: 'platform' })
    expect(settings.get('nothing')).to.equal(undefined)
    expect(settings.get('toString')).to.equal(undefined)
  })

  it('are read as any YAML reader reads them', () => {
    const value = fc.oneof(fc.string(), fc.stringMatching(/^[\w.:/+=@-]{1,40}$/), fc.boolean(), fc.integer())
    const styles = fc.constantFrom<'PLAIN' | 'QUOTE_DOUBLE' | 'QUOTE_SINGLE'>('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE')
    fc.assert(
      fc.property(value, value, styles, (secretsProvider, wrappedDataKey, defaultStringType) => {
        const text = stringify({ id, secretsProvider, wrappedDataKey, more: { a: [1, 'x'] } }, { defaultStringType })
        const settings = new Settings(text, 'settings.yaml')
        expect(settings.secretsProvider).to.equal(String(secretsProvider))
        expect(settings.wrappedDataKey).to.equal(String(wrappedDataKey))
        expect(settings.get('more')).to.deep.include({ a: [1, 'x'] })
      }),
      { examples: ['0_', '1_000', '0b1', '-0x1', '0X1'].map((text): [string, number, 'PLAIN'] => [text, 16, 'PLAIN']) },
    )
  })

  const changes: Record<string, [JsonObject, (text: string) => string]> = {
    'a field': [{ deletionProtected: false }, (text) => text.replace('Protected: true', 'Protected: false')],
    'a nested field': [{ tags: { team: 'payments' } }, (text) => text.replace('platform', 'payments')],
    'a list at the margin': [
      { schedule: ['x'] },
      (text) => text.replace('schedule:\n- { cron: "0 3 * * *" }\n- at: noon\n', 'schedule:\n- x\n'),
    ],
    'a new field': [{ webhooks: [] }, (text) => `${text}webhooks: []\n`],
    'a field that is removed with its comment': [
      { deletionProtected: undefined },
      (text) => text.replace('# protects production\ndeletionProtected: true\n', ''),
    ],
  }
  for (const [name, [change, expected]] of Object.entries(changes)) {
    it(`change ${name} and no other byte`, () => {
      expect(new Settings(handWritten, 'f').with(change)).to.equal(expected(handWritten))
    })
  }

  it('are changed in other styles too', () => {
    for (const text of [
      `{id: ${id}, tags: {a: 1}}`,
      `"id": ${id}\n? tags\n: {a: 1}\n`,
      `id: ${id}\ntags: {a: 1,\n b: 2}`,
    ]) {
      const before = parse(text)
      expect(parse(new Settings(text, 'f').with({ tags: { b: 2 }, deletionProtected: true }))).to.deep.equal({
        ...before,
        tags: { b: 2 },
        deletionProtected: true,
      })
    }
  })

  const broken: Record<string, [string, string]> = {
    'no id': ['secretsProvider: default\n', 'has no valid id'],
    'an id that is a path': ['id: ../../../etc/passwd\n', 'has no valid id'],
    'a list': ['- 1\n', 'is not a mapping'],
    'bad YAML': ['id: [\n', 'cannot be read'],
    'a field given twice': [`id: ${id}\nid: x\n`, 'says id twice'],
    'merge markers': [`<<<<<<< HEAD\nid: ${id}\n=======\nid: x\n>>>>>>> b\n`, 'unfinished git merge'],
  }
  for (const [name, [text, message]] of Object.entries(broken)) {
    it(`are refused with ${name}`, () => {
      expect(() => new Settings(text, '/store/a/b/settings.yaml'))
        .to.throw(`/store/a/b/settings.yaml`)
        .with.property('message')
        .contains(message)
    })
  }

  it('that hold both sides of a merge are put together by renumbering', () => {
    const [both] = broken['merge markers'] ?? []
    expect(() => new Settings(both ?? '', '/store/a/b/settings.yaml'))
      .to.throw('unfinished git merge')
      .with.nested.property('richHint.remedies')
      .that.deep.equals([{ do: 'renumber-revisions' }])
  })
})
