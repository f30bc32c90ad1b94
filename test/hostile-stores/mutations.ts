import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { isCollection, parseDocument } from 'yaml'
import { cutTo } from './cut-history.ts'
import type { GoodStore } from './good-store.ts'
import type { Random } from './random.ts'

/** One change of a store by somebody who has no key. */
export interface Mutation {
  /** Such as `delete app/web/revisions/2.yaml`. */
  readonly what: string
  /** Paths it concerns, relative to the store's folder. */
  readonly paths: readonly string[]
  apply(folder: string): void
}

/** Kinds of changes, each with how often it is chosen. */
const kinds: readonly (readonly [weight: number, make: (random: Random, store: GoodStore) => Mutation])[] = [
  [2, deletePath],
  [2, truncate],
  [2, replaceByNoise],
  [3, flipByte],
  [4, replaceByOther],
  [4, replaceByOlder],
  [3, swap],
  [3, link],
  [2, retype],
  [1, retime],
  [3, redate],
  [8, changeField],
  [2, duplicate],
  [2, renameInCase],
  [2, addUnknown],
  [2, cutHistory],
  [1, appendRevision],
]

/** One to three changes that are made one after the other. */
export function mutations(random: Random, store: GoodStore): readonly Mutation[] {
  const count = random.pick([1, 1, 1, 1, 2, 2, 3])
  return Array.from({ length: count }, () => random.weighted(kinds)(random, store))
}

/** Changes one after the other may be about what an earlier one has removed. */
export function applyAll(folder: string, all: readonly Mutation[]): void {
  for (const { apply, paths } of all) {
    try {
      // What an earlier one has made a link would pass the change on to another file.
      if (paths.some((path) => isLink(join(folder, path)))) continue
      // To read what an earlier one has made a pipe would wait for ever.
      if (paths.some((path) => hasPipe(folder, path.split('/').slice(0, 2).join('/')))) continue
      apply(folder)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const known = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ELOOP', 'ENOTEMPTY', 'EINVAL', 'ENXIO']
      if (!known.includes(code ?? '') && !code?.startsWith('ERR_FS_')) throw error
    }
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

/** Says whether a file, or anything in a folder, is a named pipe. */
function hasPipe(folder: string, path: string): boolean {
  const found = lstatSync(join(folder, path), { throwIfNoEntry: false })
  if (found?.isDirectory()) return readdirSync(join(folder, path)).some((name) => hasPipe(folder, join(path, name)))
  return found?.isFIFO() ?? false
}

function deletePath(random: Random, { files }: GoodStore): Mutation {
  const path = random.pick(filesAndFolders(files))
  return { what: `delete ${path}`, paths: [path], apply: (folder) => rmSync(join(folder, path), { recursive: true }) }
}

function truncate(random: Random, { files, folder }: GoodStore): Mutation {
  const path = random.pick(files)
  const length = random.below(lstatSync(join(folder, path)).size)
  return {
    what: `truncate ${path} to ${length} bytes`,
    paths: [path],
    apply: (copy) => truncateSync(join(copy, path), length),
  }
}

function replaceByNoise(random: Random, { files }: GoodStore): Mutation {
  const path = random.pick(files)
  const bytes = random.bytes(random.pick([0, 1, 40, 5000]))
  return {
    what: `replace ${path} by ${bytes.length} random bytes`,
    paths: [path],
    apply: (folder) => writeFileSync(join(folder, path), bytes),
  }
}

function flipByte(random: Random, { files, folder }: GoodStore): Mutation {
  const path = random.pick(files)
  const at = random.below(Math.max(1, lstatSync(join(folder, path)).size))
  const bit = 1 << random.below(8)
  return {
    what: `flip bit ${bit} of byte ${at} of ${path}`,
    paths: [path],
    apply: (copy) => {
      const bytes = readFileSync(join(copy, path))
      if (at >= bytes.length) return
      bytes[at]! ^= bit
      writeFileSync(join(copy, path), bytes)
    },
  }
}

function replaceByOther(random: Random, { files, folder }: GoodStore): Mutation {
  const path = random.pick(files)
  const other = random.pick(alike(files, path))
  return {
    what: `replace ${path} by ${other}`,
    // With the settings goes the identity: a machine may then take the other environment for the
    // changed one.
    paths: path.endsWith('settings.yaml') ? [path, dirname(other)] : [path],
    apply: (copy) => writeFileSync(join(copy, path), readFileSync(join(folder, other))),
  }
}

function replaceByOlder(random: Random, { older, files, folder }: GoodStore): Mutation {
  const changed = files.filter((path) =>
    older.get(path)?.some((bytes) => !bytes.equals(readFileSync(join(folder, path)))),
  )
  const path = random.pick(changed)
  const bytes = random.pick(older.get(path)!)
  return {
    what: `replace ${path} by an older version (${bytes.length} bytes)`,
    paths: [path],
    apply: (copy) => writeFileSync(join(copy, path), bytes),
  }
}

/** Of two files, or of two folders such as whole environments. */
function swap(random: Random, { files }: GoodStore): Mutation {
  const all = filesAndFolders(files)
  const one = random.pick(all)
  const other = random.pick(alike(all, one))
  return {
    what: `swap ${one} and ${other}`,
    paths: [one, other],
    apply: (folder) => {
      const [a, b, between] = [join(folder, one), join(folder, other), join(folder, 'between')]
      if (a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)) return
      renameSync(a, between)
      renameSync(b, a)
      renameSync(between, b)
    },
  }
}

function link(random: Random, { files }: GoodStore): Mutation {
  const path = random.pick(filesAndFolders(files))
  const target = random.pick([
    '/dev/zero',
    '/dev/tty',
    '/etc/passwd',
    '/',
    'self',
    'nowhere',
    'copy',
    random.pick(files),
  ])
  return {
    what: `link ${path} to ${target}`,
    paths: [path],
    apply: (folder) => {
      const place = join(folder, path)
      // The honest content, only elsewhere: what a link to outside would bring in can change at any
      // time.
      const copy = join(dirname(folder), 'outside')
      if (target === 'copy') {
        rmSync(copy, { recursive: true, force: true })
        cpSync(place, copy, { recursive: true })
      }
      rmSync(place, { recursive: true })
      if (target === 'self') symlinkSync(place, place)
      else if (target === 'copy') symlinkSync(copy, place)
      else symlinkSync(target.startsWith('/') ? target : join(folder, target), place)
    },
  }
}

/** A file becomes a folder or a FIFO, a folder becomes a file. */
function retype(random: Random, { files }: GoodStore): Mutation {
  const path = random.pick(filesAndFolders(files))
  const kind = random.pick(['file', 'folder', 'FIFO'])
  return {
    what: `make ${path} a ${kind}`,
    paths: [path],
    apply: (folder) => {
      const place = join(folder, path)
      rmSync(place, { recursive: true })
      if (kind === 'file') writeFileSync(place, 'a file\n')
      else if (kind === 'folder') mkdirSync(place)
      else execFileSync('mkfifo', [place])
    },
  }
}

function retime(random: Random, { files }: GoodStore): Mutation {
  const path = random.pick(files)
  const time = random.pick([new Date('1980-01-01T00:00:00Z'), new Date('2099-01-01T00:00:00Z')])
  return {
    what: `touch ${path} at ${time.toISOString()}`,
    paths: [path],
    apply: (folder) => utimesSync(join(folder, path), time, time),
  }
}

/** Every date in a file. */
function redate(random: Random, { files, folder }: GoodStore): Mutation {
  const dates = /\d{4}-\d\d-\d\dT[0-9:.]+Z/g
  const path = random.pick(files.filter((file) => dates.test(readFileSync(join(folder, file), 'utf8'))))
  const year = random.pick(['1970', '2099', '9999', '0000'])
  return {
    what: `re-date ${path} to ${year}`,
    paths: [path],
    apply: (copy) => {
      const text = readFileSync(join(copy, path), 'utf8')
      writeFileSync(
        join(copy, path),
        text.replaceAll(dates, (date) => year + date.slice(4)),
      )
    },
  }
}

/**
 * A field of settings, of esc.yaml, of a record or of a definition: changed, removed, or of another
 * type.
 */
function changeField(random: Random, { files, folder }: GoodStore): Mutation {
  const path = random.pick(files.filter((file) => file.endsWith('.yaml')))
  const parts = partsOf(readFileSync(join(folder, path), 'utf8'))
  const part = random.below(parts.length)
  const places = fieldsOf(parts[part]!)
  const field = places.length === 0 ? ['new'] : random.pick(places)
  const value = random.pick(values)
  const shown = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 40)
  return {
    what: `set ${field.join('.')} in ${path} to ${shown}`,
    paths: [path],
    apply: (copy) => {
      const file = join(copy, path)
      const now = partsOf(readFileSync(file, 'utf8'))
      const document = parseDocument(now[part] ?? '')
      // An earlier change may have left something that has no such place.
      if (!isCollection(document.contents) || !document.hasIn(field.slice(0, -1))) return
      if (value === undefined) document.deleteIn(field)
      else if (isCollection(document.getIn(field.slice(0, -1)))) document.setIn(field, value)
      writeFileSync(file, now.with(Math.min(part, now.length - 1), String(document)).join('---\n'))
    },
  }
}

const values = [
  undefined,
  null,
  0,
  1,
  2,
  -1,
  1e300,
  99,
  '',
  'passphrase',
  'default',
  'yes',
  [],
  ['a', 'b'],
  {},
  { a: 1 },
  '../../../etc',
  'x'.repeat(100_000),
  '2099-01-01T00:00:00Z',
]

/** The record and the definition of a revision; other files are one part. */
function partsOf(text: string): string[] {
  const [first, ...others] = text.split(/^---\n/m)
  return others.length === 0 ? [text] : [first!, others.join('---\n')]
}

function fieldsOf(text: string): readonly (readonly (string | number)[])[] {
  const found: (string | number)[][] = []
  const walk = (value: unknown, path: (string | number)[]): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, member] of Object.entries(value)) {
      found.push([...path, Array.isArray(value) ? Number(key) : key])
      walk(member, [...path, Array.isArray(value) ? Number(key) : key])
    }
  }
  walk(parseDocument(text).toJS(), [])
  return found
}

function duplicate(random: Random, { files }: GoodStore): Mutation {
  const path = random.pick(filesAndFolders(files))
  const name = random.pick(['copy', 'copy.yaml', '99.yaml', '4.yaml', `${path.split('/').at(-1)}.bak`])
  const target = join(dirname(path), name)
  return {
    what: `duplicate ${path} as ${target}`,
    paths: [target],
    apply: (folder) => cpSync(join(folder, path), join(folder, target), { recursive: true }),
  }
}

function renameInCase(random: Random, { files }: GoodStore): Mutation {
  const path = random.pick(filesAndFolders(files))
  const last = path.split('/').at(-1)!
  const target = join(dirname(path), random.pick([last.toUpperCase(), last[0]!.toUpperCase() + last.slice(1)]))
  return {
    what: `rename ${path} to ${target}`,
    paths: [path],
    apply: (folder) => renameSync(join(folder, path), join(folder, target)),
  }
}

function addUnknown(random: Random, { files }: GoodStore): Mutation {
  const place = random.pick(['.', ...foldersOf(files)])
  const name = random.pick([
    'README.md',
    '.hidden',
    '0.yaml',
    '1',
    '01.yaml',
    '1e3.yaml',
    '9007199254740993.yaml',
    '-1.yaml',
    'HEAD',
    'config',
    'recipients.txt',
    '.sops.yaml',
    '.git',
    '.esc',
    'package.json',
    'node_modules',
    'plugin.js',
    '.env',
    '.npmrc',
    'a\nb',
    'é'.repeat(60),
  ])
  const path = join(place, name)
  const content = random.pick(['', 'x: 1\n', '{}'])
  return {
    what: `add ${JSON.stringify(path)}`,
    paths: [path],
    apply: (folder) => {
      if (!existsSync(join(folder, path))) writeFileSync(join(folder, path), content)
    },
  }
}

/** The newest revisions are removed, and `environment.yaml` says what is left. */
function cutHistory(random: Random, { files }: GoodStore): Mutation {
  const environment = random.pick(environmentsOf(files))
  const left = random.pick([0, 1, 2])
  return {
    what: `keep ${left} revisions of ${environment}`,
    // Tags and retractions may speak of what is gone.
    paths: [`${environment}/revisions`, `${environment}/settings.yaml`],
    apply: (folder) => cutTo(join(folder, environment), left),
  }
}

/** One more revision, sealed by nobody or by what is copied. */
function appendRevision(random: Random, { files }: GoodStore): Mutation {
  const environment = random.pick(environmentsOf(files))
  const copied = random.below(2) === 0
  return {
    what: `append a forged revision to ${environment}${copied ? ' with a copied seal' : ''}`,
    paths: [`${environment}/revisions`],
    apply: (folder) => {
      const revisions = join(folder, environment, 'revisions')
      const number = readdirSync(revisions).length
      const record = readFileSync(join(revisions, `${number}.yaml`), 'utf8').split('\n---\n')[0]!
      const forged = record.replace(/^revision: .*/m, `revision: ${number + 1}`)
      const lines = copied ? forged : forged.replace(/\n(seal|previous): .*/g, '')
      writeFileSync(join(revisions, `${number + 1}.yaml`), `${lines}\n---\nvalues:\n  region: forged\n`)
      appendFileSync(join(folder, environment, 'environment.yaml'), '# forged\n')
    },
  }
}

function environmentsOf(files: readonly string[]): readonly string[] {
  return files.filter((file) => /^[a-z]+\/[a-z]+\/settings\.yaml$/.test(file)).map((file) => dirname(file))
}

function foldersOf(files: readonly string[]): readonly string[] {
  const folders = new Set<string>()
  for (const file of files) for (let up = dirname(file); up !== '.'; up = dirname(up)) folders.add(up)
  return [...folders].sort()
}

function filesAndFolders(files: readonly string[]): readonly string[] {
  return [...files, ...foldersOf(files)]
}

/** Others of the same depth and ending, which are more interesting than any; or any. */
function alike(all: readonly string[], path: string): readonly string[] {
  const shape = (one: string) => `${one.split('/').length} ${/\.\w+$/.exec(one)?.[0]}`
  const same = all.filter((other) => other !== path && shape(other) === shape(path))
  return same.length > 0 ? same : all
}
