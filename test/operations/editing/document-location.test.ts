import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { locateDocument } from '../../../src/operations/editing/document-location.ts'

describe('the environment that a file defines', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'esc-place-')))
  const store = join(folder, 'store')
  const temporary = join(folder, 'tmp')
  const env = { TMPDIR: temporary }
  const about = { store: '/somewhere/else', environment: 'app/prod' }
  before(() => {
    for (const path of [join(store, 'app', 'dev', 'revisions'), temporary]) mkdirSync(path, { recursive: true })
    writeFileSync(join(store, 'esc.yaml'), 'version: 1\n')
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** A folder as `env edit` makes it, with a note about what is in it. */
  function edited(path: string, note: unknown = about): string {
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'about.json'), typeof note === 'string' ? note : JSON.stringify(note))
    return join(path, 'environment.yaml')
  }

  it('is found by the folders of a store, whether or not it is there yet', () => {
    for (const name of ['app/dev', 'app/new']) {
      const place = { store, environment: name, isCopy: false }
      expect(locateDocument(join(store, name, 'environment.yaml'), env)).to.deep.equal(place)
    }
  })

  it('is none for other files, names that none can have, and folders of no store', () => {
    for (const file of [
      'app/dev/revisions/1.yaml',
      'app/dev/settings.yaml',
      'app/a b/environment.yaml',
      'environment.yaml',
    ]) {
      expect(locateDocument(join(store, file), env), file).to.equal(undefined)
    }
    expect(locateDocument(join(folder, 'other', 'app', 'dev', 'environment.yaml'), env)).to.equal(undefined)
  })

  it('is told by the note beside what somebody edits', () => {
    const place = { ...about, isCopy: true }
    expect(locateDocument(edited(join(temporary, 'esc-edit-a1')), env)).to.deep.equal(place)
  })

  it('is not told by a note that may have come with a repository, or that is damaged', () => {
    expect(locateDocument(edited(join(folder, 'esc-edit-a1')), env), 'not below the temporary folder').to.equal(
      undefined,
    )
    expect(locateDocument(edited(join(temporary, 'deeper', 'esc-edit-a1')), env), 'deeper').to.equal(undefined)
    expect(locateDocument(edited(join(temporary, 'clone')), env), 'another name').to.equal(undefined)
    const link = join(temporary, 'esc-edit-link')
    edited(join(folder, 'repository'))
    symlinkSync(join(folder, 'repository'), link)
    expect(locateDocument(join(link, 'environment.yaml'), env), 'a link').to.equal(undefined)
    for (const note of ['{', '[]', '{"store": 1}', { ...about, environment: '../../x' }]) {
      const file = edited(join(temporary, 'esc-edit-a2'), note)
      expect(locateDocument(file, env), JSON.stringify(note)).to.equal(undefined)
    }
  })
})
